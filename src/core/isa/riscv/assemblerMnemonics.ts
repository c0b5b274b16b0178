/**
 * Names of RISC-V instructions that the tables of `instructions/` do not carry: highlighted and
 * never called wrong, but without hover text. A name that gains a row there may stay here.
 * `assemblerMnemonics` are those of binutils 2.40; `newerMnemonics` were ratified after it and are
 * named as in the riscv-opcodes tables of RISC-V International.
 */

/** By extension. */
export const assemblerMnemonics: Readonly<Record<string, string>> = {
  F: `
    c.flw c.flwsp c.fsw c.fswsp fabs.s fadd.s fclass.s fcvt.l.s fcvt.lu.s fcvt.s.l fcvt.s.lu
    fcvt.s.w fcvt.s.wu fcvt.w.s fcvt.wu.s fdiv.s feq.s fge.s fgt.s fle.s flt.s flw fmadd.s
    fmax.s fmin.s fmsub.s fmul.s fmv.s fmv.s.x fmv.w.x fmv.x.s fmv.x.w fneg.s fnmadd.s
    fnmsub.s frcsr frflags frrm frsr fscsr fsflags fsflagsi fsgnj.s fsgnjn.s fsgnjx.s fsqrt.s
    fsrm fsrmi fssr fsub.s fsw`,
  D: `
    c.fld c.fldsp c.fsd c.fsdsp fabs.d fadd.d fclass.d fcvt.d.l fcvt.d.lu fcvt.d.s fcvt.d.w
    fcvt.d.wu fcvt.l.d fcvt.lu.d fcvt.s.d fcvt.w.d fcvt.wu.d fdiv.d feq.d fge.d fgt.d fld
    fle.d flt.d fmadd.d fmax.d fmin.d fmsub.d fmul.d fmv.d fmv.d.x fmv.x.d fneg.d fnmadd.d
    fnmsub.d fsd fsgnj.d fsgnjn.d fsgnjx.d fsqrt.d fsub.d`,
  Q: `
    fabs.q fadd.q fclass.q fcvt.d.q fcvt.l.q fcvt.lu.q fcvt.q.d fcvt.q.l fcvt.q.lu fcvt.q.s
    fcvt.q.w fcvt.q.wu fcvt.s.q fcvt.w.q fcvt.wu.q fdiv.q feq.q fge.q fgt.q fle.q flq flt.q
    fmadd.q fmax.q fmin.q fmsub.q fmul.q fmv.q fneg.q fnmadd.q fnmsub.q fsgnj.q fsgnjn.q
    fsgnjx.q fsq fsqrt.q fsub.q`,
  Zfh: `
    fabs.h fadd.h fclass.h fcvt.d.h fcvt.h.d fcvt.h.l fcvt.h.lu fcvt.h.q fcvt.h.s fcvt.h.w
    fcvt.h.wu fcvt.l.h fcvt.lu.h fcvt.q.h fcvt.s.h fcvt.w.h fcvt.wu.h fdiv.h feq.h fge.h fgt.h
    fle.h flh flt.h fmadd.h fmax.h fmin.h fmsub.h fmul.h fmv.h fmv.h.x fmv.x.h fneg.h fnmadd.h
    fnmsub.h fsgnj.h fsgnjn.h fsgnjx.h fsh fsqrt.h fsub.h`,
  Zcf: `
    c.fld c.fldsp c.flw c.flwsp c.fsd c.fsdsp c.fsw c.fswsp`,
  V: `
    vaadd.vv vaadd.vx vaaddu.vv vaaddu.vx vadc.vim vadc.vvm vadc.vxm vadd.vi vadd.vv vadd.vx
    vand.vi vand.vv vand.vx vasub.vv vasub.vx vasubu.vv vasubu.vx vcompress.vm vcpop.m vdiv.vv
    vdiv.vx vdivu.vv vdivu.vx vfabs.v vfadd.vf vfadd.vv vfclass.v vfcvt.f.x.v vfcvt.f.xu.v
    vfcvt.rtz.x.f.v vfcvt.rtz.xu.f.v vfcvt.x.f.v vfcvt.xu.f.v vfdiv.vf vfdiv.vv vfirst.m
    vfmacc.vf vfmacc.vv vfmadd.vf vfmadd.vv vfmax.vf vfmax.vv vfmerge.vfm vfmin.vf vfmin.vv
    vfmsac.vf vfmsac.vv vfmsub.vf vfmsub.vv vfmul.vf vfmul.vv vfmv.f.s vfmv.s.f vfmv.v.f
    vfncvt.f.f.w vfncvt.f.x.w vfncvt.f.xu.w vfncvt.rod.f.f.w vfncvt.rtz.x.f.w
    vfncvt.rtz.xu.f.w vfncvt.x.f.w vfncvt.xu.f.w vfneg.v vfnmacc.vf vfnmacc.vv vfnmadd.vf
    vfnmadd.vv vfnmsac.vf vfnmsac.vv vfnmsub.vf vfnmsub.vv vfrdiv.vf vfrec7.v vfrece7.v
    vfredmax.vs vfredmin.vs vfredosum.vs vfredsum.vs vfredusum.vs vfrsqrt7.v vfrsqrte7.v
    vfrsub.vf vfsgnj.vf vfsgnj.vv vfsgnjn.vf vfsgnjn.vv vfsgnjx.vf vfsgnjx.vv vfslide1down.vf
    vfslide1up.vf vfsqrt.v vfsub.vf vfsub.vv vfwadd.vf vfwadd.vv vfwadd.wf vfwadd.wv
    vfwcvt.f.f.v vfwcvt.f.x.v vfwcvt.f.xu.v vfwcvt.rtz.x.f.v vfwcvt.rtz.xu.f.v vfwcvt.x.f.v
    vfwcvt.xu.f.v vfwmacc.vf vfwmacc.vv vfwmsac.vf vfwmsac.vv vfwmul.vf vfwmul.vv vfwnmacc.vf
    vfwnmacc.vv vfwnmsac.vf vfwnmsac.vv vfwredosum.vs vfwredsum.vs vfwredusum.vs vfwsub.vf
    vfwsub.vv vfwsub.wf vfwsub.wv vid.v viota.m vl1r.v vl1re16.v vl1re32.v vl1re64.v vl1re8.v
    vl2r.v vl2re16.v vl2re32.v vl2re64.v vl2re8.v vl4r.v vl4re16.v vl4re32.v vl4re64.v
    vl4re8.v vl8r.v vl8re16.v vl8re32.v vl8re64.v vl8re8.v vle1.v vle16.v vle16ff.v vle32.v
    vle32ff.v vle64.v vle64ff.v vle8.v vle8ff.v vlm.v vloxei16.v vloxei32.v vloxei64.v
    vloxei8.v vloxseg2ei16.v vloxseg2ei32.v vloxseg2ei64.v vloxseg2ei8.v vloxseg3ei16.v
    vloxseg3ei32.v vloxseg3ei64.v vloxseg3ei8.v vloxseg4ei16.v vloxseg4ei32.v vloxseg4ei64.v
    vloxseg4ei8.v vloxseg5ei16.v vloxseg5ei32.v vloxseg5ei64.v vloxseg5ei8.v vloxseg6ei16.v
    vloxseg6ei32.v vloxseg6ei64.v vloxseg6ei8.v vloxseg7ei16.v vloxseg7ei32.v vloxseg7ei64.v
    vloxseg7ei8.v vloxseg8ei16.v vloxseg8ei32.v vloxseg8ei64.v vloxseg8ei8.v vlse16.v vlse32.v
    vlse64.v vlse8.v vlseg2e16.v vlseg2e16ff.v vlseg2e32.v vlseg2e32ff.v vlseg2e64.v
    vlseg2e64ff.v vlseg2e8.v vlseg2e8ff.v vlseg3e16.v vlseg3e16ff.v vlseg3e32.v vlseg3e32ff.v
    vlseg3e64.v vlseg3e64ff.v vlseg3e8.v vlseg3e8ff.v vlseg4e16.v vlseg4e16ff.v vlseg4e32.v
    vlseg4e32ff.v vlseg4e64.v vlseg4e64ff.v vlseg4e8.v vlseg4e8ff.v vlseg5e16.v vlseg5e16ff.v
    vlseg5e32.v vlseg5e32ff.v vlseg5e64.v vlseg5e64ff.v vlseg5e8.v vlseg5e8ff.v vlseg6e16.v
    vlseg6e16ff.v vlseg6e32.v vlseg6e32ff.v vlseg6e64.v vlseg6e64ff.v vlseg6e8.v vlseg6e8ff.v
    vlseg7e16.v vlseg7e16ff.v vlseg7e32.v vlseg7e32ff.v vlseg7e64.v vlseg7e64ff.v vlseg7e8.v
    vlseg7e8ff.v vlseg8e16.v vlseg8e16ff.v vlseg8e32.v vlseg8e32ff.v vlseg8e64.v vlseg8e64ff.v
    vlseg8e8.v vlseg8e8ff.v vlsseg2e16.v vlsseg2e32.v vlsseg2e64.v vlsseg2e8.v vlsseg3e16.v
    vlsseg3e32.v vlsseg3e64.v vlsseg3e8.v vlsseg4e16.v vlsseg4e32.v vlsseg4e64.v vlsseg4e8.v
    vlsseg5e16.v vlsseg5e32.v vlsseg5e64.v vlsseg5e8.v vlsseg6e16.v vlsseg6e32.v vlsseg6e64.v
    vlsseg6e8.v vlsseg7e16.v vlsseg7e32.v vlsseg7e64.v vlsseg7e8.v vlsseg8e16.v vlsseg8e32.v
    vlsseg8e64.v vlsseg8e8.v vluxei16.v vluxei32.v vluxei64.v vluxei8.v vluxseg2ei16.v
    vluxseg2ei32.v vluxseg2ei64.v vluxseg2ei8.v vluxseg3ei16.v vluxseg3ei32.v vluxseg3ei64.v
    vluxseg3ei8.v vluxseg4ei16.v vluxseg4ei32.v vluxseg4ei64.v vluxseg4ei8.v vluxseg5ei16.v
    vluxseg5ei32.v vluxseg5ei64.v vluxseg5ei8.v vluxseg6ei16.v vluxseg6ei32.v vluxseg6ei64.v
    vluxseg6ei8.v vluxseg7ei16.v vluxseg7ei32.v vluxseg7ei64.v vluxseg7ei8.v vluxseg8ei16.v
    vluxseg8ei32.v vluxseg8ei64.v vluxseg8ei8.v vmacc.vv vmacc.vx vmadc.vi vmadc.vim vmadc.vv
    vmadc.vvm vmadc.vx vmadc.vxm vmadd.vv vmadd.vx vmand.mm vmandn.mm vmandnot.mm vmax.vv
    vmax.vx vmaxu.vv vmaxu.vx vmclr.m vmcpy.m vmerge.vim vmerge.vvm vmerge.vxm vmfeq.vf
    vmfeq.vv vmfge.vf vmfge.vv vmfgt.vf vmfgt.vv vmfle.vf vmfle.vv vmflt.vf vmflt.vv vmfne.vf
    vmfne.vv vmin.vv vmin.vx vminu.vv vminu.vx vmmv.m vmnand.mm vmnor.mm vmnot.m vmor.mm
    vmorn.mm vmornot.mm vmsbc.vv vmsbc.vvm vmsbc.vx vmsbc.vxm vmsbf.m vmseq.vi vmseq.vv
    vmseq.vx vmset.m vmsge.vi vmsge.vv vmsge.vx vmsgeu.vi vmsgeu.vv vmsgeu.vx vmsgt.vi
    vmsgt.vv vmsgt.vx vmsgtu.vi vmsgtu.vv vmsgtu.vx vmsif.m vmsle.vi vmsle.vv vmsle.vx
    vmsleu.vi vmsleu.vv vmsleu.vx vmslt.vi vmslt.vv vmslt.vx vmsltu.vi vmsltu.vv vmsltu.vx
    vmsne.vi vmsne.vv vmsne.vx vmsof.m vmul.vv vmul.vx vmulh.vv vmulh.vx vmulhsu.vv vmulhsu.vx
    vmulhu.vv vmulhu.vx vmv.s.x vmv.v.i vmv.v.v vmv.v.x vmv.x.s vmv1r.v vmv2r.v vmv4r.v
    vmv8r.v vmxnor.mm vmxor.mm vnclip.wi vnclip.wv vnclip.wx vnclipu.wi vnclipu.wv vnclipu.wx
    vncvt.x.x.w vneg.v vnmsac.vv vnmsac.vx vnmsub.vv vnmsub.vx vnot.v vnsra.wi vnsra.wv
    vnsra.wx vnsrl.wi vnsrl.wv vnsrl.wx vor.vi vor.vv vor.vx vpopc.m vredand.vs vredmax.vs
    vredmaxu.vs vredmin.vs vredminu.vs vredor.vs vredsum.vs vredxor.vs vrem.vv vrem.vx
    vremu.vv vremu.vx vrgather.vi vrgather.vv vrgather.vx vrgatherei16.vv vrsub.vi vrsub.vx
    vs1r.v vs2r.v vs4r.v vs8r.v vsadd.vi vsadd.vv vsadd.vx vsaddu.vi vsaddu.vv vsaddu.vx
    vsbc.vvm vsbc.vxm vse1.v vse16.v vse32.v vse64.v vse8.v vsetivli vsetvl vsetvli vsext.vf2
    vsext.vf4 vsext.vf8 vslide1down.vx vslide1up.vx vslidedown.vi vslidedown.vx vslideup.vi
    vslideup.vx vsll.vi vsll.vv vsll.vx vsm.v vsmul.vv vsmul.vx vsoxei16.v vsoxei32.v
    vsoxei64.v vsoxei8.v vsoxseg2ei16.v vsoxseg2ei32.v vsoxseg2ei64.v vsoxseg2ei8.v
    vsoxseg3ei16.v vsoxseg3ei32.v vsoxseg3ei64.v vsoxseg3ei8.v vsoxseg4ei16.v vsoxseg4ei32.v
    vsoxseg4ei64.v vsoxseg4ei8.v vsoxseg5ei16.v vsoxseg5ei32.v vsoxseg5ei64.v vsoxseg5ei8.v
    vsoxseg6ei16.v vsoxseg6ei32.v vsoxseg6ei64.v vsoxseg6ei8.v vsoxseg7ei16.v vsoxseg7ei32.v
    vsoxseg7ei64.v vsoxseg7ei8.v vsoxseg8ei16.v vsoxseg8ei32.v vsoxseg8ei64.v vsoxseg8ei8.v
    vsra.vi vsra.vv vsra.vx vsrl.vi vsrl.vv vsrl.vx vsse16.v vsse32.v vsse64.v vsse8.v
    vsseg2e16.v vsseg2e32.v vsseg2e64.v vsseg2e8.v vsseg3e16.v vsseg3e32.v vsseg3e64.v
    vsseg3e8.v vsseg4e16.v vsseg4e32.v vsseg4e64.v vsseg4e8.v vsseg5e16.v vsseg5e32.v
    vsseg5e64.v vsseg5e8.v vsseg6e16.v vsseg6e32.v vsseg6e64.v vsseg6e8.v vsseg7e16.v
    vsseg7e32.v vsseg7e64.v vsseg7e8.v vsseg8e16.v vsseg8e32.v vsseg8e64.v vsseg8e8.v vssra.vi
    vssra.vv vssra.vx vssrl.vi vssrl.vv vssrl.vx vssseg2e16.v vssseg2e32.v vssseg2e64.v
    vssseg2e8.v vssseg3e16.v vssseg3e32.v vssseg3e64.v vssseg3e8.v vssseg4e16.v vssseg4e32.v
    vssseg4e64.v vssseg4e8.v vssseg5e16.v vssseg5e32.v vssseg5e64.v vssseg5e8.v vssseg6e16.v
    vssseg6e32.v vssseg6e64.v vssseg6e8.v vssseg7e16.v vssseg7e32.v vssseg7e64.v vssseg7e8.v
    vssseg8e16.v vssseg8e32.v vssseg8e64.v vssseg8e8.v vssub.vv vssub.vx vssubu.vv vssubu.vx
    vsub.vv vsub.vx vsuxei16.v vsuxei32.v vsuxei64.v vsuxei8.v vsuxseg2ei16.v vsuxseg2ei32.v
    vsuxseg2ei64.v vsuxseg2ei8.v vsuxseg3ei16.v vsuxseg3ei32.v vsuxseg3ei64.v vsuxseg3ei8.v
    vsuxseg4ei16.v vsuxseg4ei32.v vsuxseg4ei64.v vsuxseg4ei8.v vsuxseg5ei16.v vsuxseg5ei32.v
    vsuxseg5ei64.v vsuxseg5ei8.v vsuxseg6ei16.v vsuxseg6ei32.v vsuxseg6ei64.v vsuxseg6ei8.v
    vsuxseg7ei16.v vsuxseg7ei32.v vsuxseg7ei64.v vsuxseg7ei8.v vsuxseg8ei16.v vsuxseg8ei32.v
    vsuxseg8ei64.v vsuxseg8ei8.v vwadd.vv vwadd.vx vwadd.wv vwadd.wx vwaddu.vv vwaddu.vx
    vwaddu.wv vwaddu.wx vwcvt.x.x.v vwcvtu.x.x.v vwmacc.vv vwmacc.vx vwmaccsu.vv vwmaccsu.vx
    vwmaccu.vv vwmaccu.vx vwmaccus.vx vwmul.vv vwmul.vx vwmulsu.vv vwmulsu.vx vwmulu.vv
    vwmulu.vx vwredsum.vs vwredsumu.vs vwsub.vv vwsub.vx vwsub.wv vwsub.wx vwsubu.vv vwsubu.vx
    vwsubu.wv vwsubu.wx vxor.vi vxor.vv vxor.vx vzext.vf2 vzext.vf4 vzext.vf8`,
  Zba: `
    add.uw sh1add sh1add.uw sh2add sh2add.uw sh3add sh3add.uw slli.uw`,
  Zbb: `
    andn clz clzw cpop cpopw ctz ctzw max maxu min minu orc.b orn rev8 rol rolw ror rori roriw
    rorw xnor`,
  Zbc: `
    clmul clmulh clmulr`,
  Zbs: `
    bclr bclri bext bexti binv binvi bset bseti`,
  Zk: `
    aes32dsi aes32dsmi aes32esi aes32esmi aes64ds aes64dsm aes64es aes64esm aes64im aes64ks1i
    aes64ks2 brev8 pack packh packw sha256sig0 sha256sig1 sha256sum0 sha256sum1 sha512sig0
    sha512sig0h sha512sig0l sha512sig1 sha512sig1h sha512sig1l sha512sum0 sha512sum0r
    sha512sum1 sha512sum1r sm3p0 sm3p1 sm4ed sm4ks unzip xperm4 xperm8 zip`,
  Zicbo: `
    cbo.clean cbo.flush cbo.inval cbo.zero prefetch.i prefetch.r prefetch.w`,
  Svinval: `
    hinval.gvma hinval.vvma sfence.inval.ir sfence.w.inval sinval.vma`,
  Zawrs: `
    wrs.nto wrs.sto`,
  Zihintpause: `
    pause`,
  XThead: `
    th.addsl th.dcache.call th.dcache.ciall th.dcache.cipa th.dcache.cisw th.dcache.civa
    th.dcache.cpa th.dcache.cpal1 th.dcache.csw th.dcache.cva th.dcache.cval1 th.dcache.iall
    th.dcache.ipa th.dcache.isw th.dcache.iva th.ext th.extu th.ff0 th.ff1 th.flrd th.flrw
    th.flurd th.flurw th.fmv.hw.x th.fmv.x.hw th.fsrd th.fsrw th.fsurd th.fsurw th.icache.iall
    th.icache.ialls th.icache.ipa th.icache.iva th.ipop th.ipush th.l2cache.call
    th.l2cache.ciall th.l2cache.iall th.lbia th.lbib th.lbuia th.lbuib th.ldd th.ldia th.ldib
    th.lhia th.lhib th.lhuia th.lhuib th.lrb th.lrbu th.lrd th.lrh th.lrhu th.lrw th.lrwu
    th.lurb th.lurbu th.lurd th.lurh th.lurhu th.lurw th.lurwu th.lwd th.lwia th.lwib th.lwud
    th.lwuia th.lwuib th.mula th.mulah th.mulaw th.muls th.mulsh th.mulsw th.mveqz th.mvnez
    th.rev th.revw th.sbia th.sbib th.sdd th.sdia th.sdib th.sfence.vmas th.shia th.shib
    th.srb th.srd th.srh th.srri th.srriw th.srw th.surb th.surd th.surh th.surw th.swd
    th.swia th.swib th.sync th.sync.i th.sync.is th.sync.s th.tst th.tstnbz`,
  rv32: `
    c.jal rdcycleh rdinstreth rdtimeh`,
  legacy: `
    c.slli64 c.srai64 c.srli64 c.unimp dret fmv.s.x fmv.x.s frsr fssr hret la.tls.gd la.tls.ie
    sbreak scall sfence.vm uret`,
};

/** By extension. */
export const newerMnemonics: Readonly<Record<string, string>> = {
  Zfa: `
    fcvtmod.w.d fleq.d fleq.h fleq.q fleq.s fli.d fli.h fli.q fli.s fltq.d fltq.h fltq.q
    fltq.s fmaxm.d fmaxm.h fmaxm.q fmaxm.s fminm.d fminm.h fminm.q fminm.s fmvh.x.d fmvh.x.q
    fmvp.d.x fmvp.q.x fround.d fround.h fround.q fround.s froundnx.d froundnx.h froundnx.q
    froundnx.s`,
  Zfbfmin: `
    fcvt.bf16.s fcvt.s.bf16`,
  Zacas: `
    amocas.d amocas.q amocas.w`,
  Zabha: `
    amoadd.b amoadd.h amoand.b amoand.h amocas.b amocas.h amomax.b amomax.h amomaxu.b
    amomaxu.h amomin.b amomin.h amominu.b amominu.h amoor.b amoor.h amoswap.b amoswap.h
    amoxor.b amoxor.h`,
  Zcb: `
    c.lbu c.lh c.lhu c.mul c.not c.sb c.sext.b c.sext.h c.sext.w c.sh c.zext.b c.zext.h
    c.zext.w`,
  Zcmp: `
    cm.mva01s cm.mvsa01 cm.pop cm.popret cm.popretz cm.push`,
  Zcmt: `
    cm.jalt cm.jt`,
  Zicfilp: `
    lpad`,
  Zicfiss: `
    c.sspopchk c.sspush ssamoswap.d ssamoswap.w sspopchk sspush ssrdp`,
  Zicond: `
    czero.eqz czero.nez`,
  Zihintntl: `
    c.ntl.all c.ntl.p1 c.ntl.pall c.ntl.s1 ntl.all ntl.p1 ntl.pall ntl.s1`,
  Zimop: `
    mop.r.0 mop.r.1 mop.r.10 mop.r.11 mop.r.12 mop.r.13 mop.r.14 mop.r.15 mop.r.16 mop.r.17
    mop.r.18 mop.r.19 mop.r.2 mop.r.20 mop.r.21 mop.r.22 mop.r.23 mop.r.24 mop.r.25 mop.r.26
    mop.r.27 mop.r.28 mop.r.29 mop.r.3 mop.r.30 mop.r.31 mop.r.4 mop.r.5 mop.r.6 mop.r.7
    mop.r.8 mop.r.9 mop.rr.0 mop.rr.1 mop.rr.2 mop.rr.3 mop.rr.4 mop.rr.5 mop.rr.6 mop.rr.7`,
  Zcmop: `
    c.mop.1 c.mop.11 c.mop.13 c.mop.15 c.mop.3 c.mop.5 c.mop.7 c.mop.9`,
  Smrnmi: `
    mnret`,
  Smctr: `
    sctrclr`,
  Zvbb: `
    vandn.vv vandn.vx vbrev.v vbrev8.v vclz.v vcpop.v vctz.v vrev8.v vrol.vv vrol.vx vror.vi
    vror.vv vror.vx vwsll.vi vwsll.vv vwsll.vx`,
  Zvbc: `
    vclmul.vv vclmul.vx vclmulh.vv vclmulh.vx`,
  Zvfbfmin: `
    vfncvtbf16.f.f.w vfwcvtbf16.f.f.v vfwmaccbf16.vf vfwmaccbf16.vv`,
  Zvkg: `
    vghsh.vv vgmul.vv`,
  Zvkned: `
    vaesdf.vs vaesdf.vv vaesdm.vs vaesdm.vv vaesef.vs vaesef.vv vaesem.vs vaesem.vv vaeskf1.vi
    vaeskf2.vi vaesz.vs`,
  Zvknha: `
    vsha2ch.vv vsha2cl.vv vsha2ms.vv`,
  Zvksed: `
    vsm4k.vi vsm4r.vs vsm4r.vv`,
  Zvksh: `
    vsm3c.vi vsm3me.vv`,
};
