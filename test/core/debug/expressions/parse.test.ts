import assert from 'node:assert/strict';
import {
  parseExpression,
  splitAssignment,
  type Expression,
} from '../../../../src/core/debug/expressions/parse.ts';
import type { TypeName } from '../../../../src/core/debug/expressions/typeName.ts';

const typeText = ({ name, pointers, count }: TypeName) =>
  `${name}${'*'.repeat(pointers)}${count === undefined ? '' : `[${count}]`}`;

/** With all its parentheses. */
function text(e: Expression): string {
  switch (e.kind) {
    case 'literal':
      if (e.operand.float !== undefined) return `${e.operand.float}:f${e.operand.bits}`;
      return `${e.operand.value}:${e.operand.signed ? 'i' : 'u'}${e.operand.bits}`;
    case 'name':
      return e.name;
    case 'member':
      return `(${text(e.object)}.${e.name})`;
    case 'element':
      return `(${text(e.object)}[${text(e.index)}])`;
    case 'target':
      return `(*${text(e.object)})`;
    case 'address':
      return `(&${text(e.object)})`;
    case 'unary':
      return `(${e.operator}${text(e.of)})`;
    case 'binary':
    case 'logical':
      return `(${text(e.left)}${e.operator}${text(e.right)})`;
    case 'cast':
      return `(<${typeText(e.type)}>${text(e.of)})`;
    case 'sizeof':
      return e.of.kind === 'type' ? `sizeof<${typeText(e.of)}>` : `sizeof(${text(e.of)})`;
    case 'space':
      return `(${e.space}:${text(e.of)})`;
    case 'repeated':
      return `(${text(e.object)}@${text(e.count)})`;
    case 'choice':
      return `(${text(e.condition)}?${text(e.whenTrue)}:${text(e.whenFalse)})`;
  }
}

const check = (source: string, expected: string) =>
  assert.equal(text(parseExpression(source)), expected);

describe('parsing expressions', () => {
  it('reads names, members, elements and dereferences', () => {
    check(' p -> next . x ', '((p.next).x)');
    check('table[3].name', '((table[3:i32]).name)');
    check('**argv', '(*(*argv))');
    check('*p->x', '(*(p.x))');
    check('(*p).x', '((*p).x)');
    check('grid[i + 1][2]', '((grid[(i+1:i32)])[2:i32])');
    check('&table[1]', '(&(table[1:i32]))');
    check('$vsatp.MODE', '($vsatp.MODE)');
    check('core::COUNT', 'core::COUNT');
  });

  it("gives operators C's precedence", () => {
    check('a + b * c - d', '((a+(b*c))-d)');
    check(
      'a || b && c | d ^ e & f == g < h << i + j % k',
      '(a||(b&&(c|(d^(e&(f==(g<(h<<(i+(j%k))))))))))',
    );
    check('a == b != c', '((a==b)!=c)');
    check('-a - -b', '((-a)-(-b))');
    check('!~a', '(!(~a))');
    check('a ? b : c ? d : e', '(a?b:(c?d:e))');
    check('(a + b) * c', '((a+b)*c)');
    check('a & &b', '(a&(&b))');
  });

  it('gives literals their types', () => {
    check('2147483647', '2147483647:i32');
    check('2147483648', '2147483648:i64');
    check('0x80000000', '2147483648:u32');
    check('0x7fff_ffff', '2147483647:i32');
    check('0x8000000000000000', '9223372036854775808:u64');
    check('1u', '1:u32');
    check('1UL', '1:u64');
    check('0xfl', '15:i64');
    check('010', '8:i32');
    check('0b101', '5:i32');
    check("'a'", '97:i32');
    check("'\\n'", '10:i32');
    check("'\\x41'", '65:i32');
    check("'\\0'", '0:i32');
    check("'\\''", '39:i32');
  });

  it('tells casts from parentheses', () => {
    check('(struct foo *)p', '(<struct foo*>p)');
    check('((struct foo *)p)->x', '((<struct foo*>p).x)');
    check('*(const char **)$sp', '(*(<char**>$sp))');
    check('(unsigned int long)-1', '(<unsigned long>(-1:i32))');
    check('(uint32_t)-x + 1', '((<uint32_t>(-x))+1:i32)');
    check('(foo) - 1', '(foo-1:i32)');
    check('(foo) * p', '(foo*p)');
    check('(foo) p', '(<foo>p)');
    check('(ns::foo *) p', '(<ns::foo*>p)');
    check('(u8)x << 8', '((<u8>x)<<8:i32)');
    check('(double)a / b', '((<double>a)/b)');
    check('sizeof(struct foo)', 'sizeof<struct foo>');
    check('sizeof(foo[4])', 'sizeof((foo[4:i32]))');
    check('sizeof(int[4])', 'sizeof<int[4]>');
    check('sizeof x + 1', '(sizeof(x)+1:i32)');
    check('sizeof *p', 'sizeof((*p))');
  });

  it('reads address spaces, repeated objects and floating-point numbers', () => {
    check('phys:0x10 + 8', '((physical:16:i32)+8:i32)');
    check('*(u32 *)gpa:$a0', '(*(<u32*>(guestPhysical:$a0)))');
    check('a ? phys : gva', '(a?phys:gva)');
    check('*(char *)0x10@8', '((*(<char*>16:i32))@8:i32)');
    check('table[0]@n * 2', '(((table[0:i32])@n)*2:i32)');
    check('1.5', '1.5:f64');
    check('.5f', '0.5:f32');
    check('1e3', '1000:f64');
    check('2.e-2L', '0.02:f64');
  });

  it('says where something is wrong', () => {
    const wrong: [source: string, message: RegExp][] = [
      ['', /ends where a name, a number or a parenthesis should be/],
      ['a +', /'a \+' ends where a name/],
      ['a b', /has 'b' at column 3 where an operator or the end should be/],
      ['(a', /ends where '\)' should be/],
      ['a[1', /ends where '\]' should be/],
      ['a.$x', /has '\$x' at column 3 where a member's name should be/],
      ['a.', /ends where a member's name/],
      ['f()', /has '\(' at column 2/],
      ['a ? b', /ends where ':' should be/],
      ['a = 1', /has '=' at column 3/],
      ['a # b', /has '#' at column 3/],
      ['a @', /ends where a name/],
      ['(struct)x', /has '\)' at column 8|struct/],
      ['12x', /'12x' is not a number/],
      ['089', /a leading 0 means octal/],
      ['1lul', /is not a number/],
      ['0x10000000000000000', /does not fit in 64 bits/],
      ['"text"', /has '"' at column 1/],
      [`${'('.repeat(5000)}1`, /nested too deeply/],
      [`${'-'.repeat(5000)}1`, /nested too deeply/],
    ];
    for (const [source, message] of wrong) assert.throws(() => parseExpression(source), message);
  });

  it('splits assignments off, and nothing else', () => {
    assert.deepEqual(splitAssignment('$a0 = 5'), { target: '$a0', value: '5' });
    assert.deepEqual(splitAssignment('p->x=a == b'), { target: 'p->x', value: 'a == b' });
    for (const text of ['a == b', 'a <= b', 'a >= b', 'a != b', 'a']) {
      assert.equal(splitAssignment(text), undefined);
    }
  });
});
