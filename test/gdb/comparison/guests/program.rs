//! What debug information of Rust can say: enums with and without data, niches, slices, strings,
//! tuples, traits, generics, closures.
#![no_std]
#![no_main]

use core::ptr::{addr_of_mut, write_volatile};

#[derive(Clone, Copy, PartialEq)]
#[repr(u8)]
pub enum Color {
    Red = 1,
    Green,
    Blue = 9,
}

#[derive(Clone, Copy)]
pub enum Message {
    Quit,
    Move { x: i32, y: i32 },
    Write(u8, u64),
    Paint(Color),
}

#[derive(Clone, Copy)]
pub struct Point<T> {
    x: T,
    y: T,
}

pub struct Wrapper(u32, f64);

pub struct Packet<'a> {
    name: &'a str,
    bytes: &'a [u8],
    reply: Option<&'a Point<i16>>,
    color: Option<Color>,
    limit: Option<u32>,
}

pub trait Area {
    fn area(&self) -> i64;
}

impl Area for Point<i32> {
    #[inline(never)]
    fn area(&self) -> i64 {
        let wide = self.x as i64;
        wide * self.y as i64
    }
}

impl Area for Wrapper {
    #[inline(never)]
    fn area(&self) -> i64 {
        let whole = self.1 as i64;
        whole + self.0 as i64
    }
}

static mut SINK: i64 = 0;
static TABLE: [[u16; 3]; 2] = [[1, 2, 3], [40, 50, 60]];

fn consume(value: i64) {
    unsafe { write_volatile(addr_of_mut!(SINK), value) }
}

#[inline(never)]
fn handle(message: Message, seen: &mut u32) -> i64 {
    *seen += 1;
    match message {
        Message::Quit => -1,
        Message::Move { x, y } => {
            let sum = x + y;
            sum as i64
        }
        Message::Write(low, high) => low as i64 + high as i64,
        Message::Paint(color) => color as i64,
    }
}

#[inline(never)]
fn total(values: &[i32]) -> i64 {
    let mut sum = 0i64;
    for value in values {
        sum += *value as i64;
    }
    sum
}

#[inline(never)]
fn parse(text: &str) -> Result<u32, char> {
    let mut value = 0u32;
    for letter in text.bytes() {
        if !letter.is_ascii_digit() {
            return Err(letter as char);
        }
        value = value.wrapping_mul(10).wrapping_add((letter - b'0') as u32);
    }
    Ok(value)
}

#[inline(never)]
fn examine(packet: &Packet) -> i64 {
    let length = packet.bytes.len() as i64;
    let extra = match packet.reply {
        Some(point) => point.x as i64 + point.y as i64,
        None => 0,
    };
    let painted = packet.color.map_or(0, |color| color as i64);
    length + extra + painted + packet.name.len() as i64 + packet.limit.unwrap_or(7) as i64
}

#[inline(never)]
fn apply<F: Fn(i32) -> i32>(function: F, count: i32) -> i32 {
    let mut value = 1;
    for step in 0..count {
        value = function(value).wrapping_add(step);
    }
    value
}

#[no_mangle]
pub extern "C" fn main() -> i32 {
    let mut seen = 0u32;
    let point = Point { x: 3i16, y: -4 };
    let pair = (1u8, -2i64, 'ß');
    let truth = pair.0 == 1;
    let messages = [
        Message::Quit,
        Message::Move { x: 10, y: -3 },
        Message::Write(200, 1 << 40),
        Message::Paint(Color::Blue),
    ];
    let mut result = 0i64;
    for message in messages {
        result += handle(message, &mut seen);
    }
    let numbers = [5, -6, 7, 8];
    result += total(&numbers[1..]);
    let bytes: &[u8] = b"bytes\xff";
    let mut packet = Packet {
        name: "packet",
        bytes,
        reply: Some(&point),
        color: Some(Color::Green),
        limit: None,
    };
    result += examine(&packet);
    packet.reply = None;
    packet.color = None;
    packet.limit = Some(99);
    result += examine(&packet);
    let shapes: [&dyn Area; 2] = [&Point { x: 6i32, y: 7 }, &Wrapper(5, 2.75)];
    for shape in shapes {
        result += shape.area();
    }
    let parsed = parse("1234");
    let failed = parse("12x4");
    result += parsed.unwrap_or(0) as i64 + failed.is_err() as i64;
    let offset = seen as i32;
    result += apply(|value| value.wrapping_mul(3).wrapping_sub(offset), 4) as i64;
    consume(result + truth as i64 + TABLE[1][2] as i64 + pair.1);
    result as i32
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
