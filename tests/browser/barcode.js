// A film for a camera that sees a barcode.

import { writeFileSync } from "node:fs";

const [WIDTH, HEIGHT] = [640, 480];
/** The left digits with odd parity, by digit (GS1 General Specifications, EAN-13). */
const LEFT = ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"];
/** Which of the left digits have odd parity (1), by the first digit. */
const PARITY = ["111111", "110100", "110010", "110001", "101100", "100110", "100011", "101010", "101001", "100101"];

const inverted = (bars) => [...bars].map((bar) => (bar === "0" ? "1" : "0")).join("");
const mirrored = (bars) => [...bars].reverse().join("");

/** The bars of an EAN-13: 1 is dark. */
function bars(code) {
  const digits = [...code].map(Number);
  const left = digits.slice(1, 7).map((digit, n) =>
    PARITY[digits[0]][n] === "1" ? LEFT[digit] : mirrored(inverted(LEFT[digit])));
  const right = digits.slice(7).map((digit) => inverted(LEFT[digit]));
  return `101${left.join("")}01010${right.join("")}101`;
}

/** Writes a film of one still picture as YUV4MPEG2: the code's bars on white. */
export function film(code, file) {
  const dark = bars(code);
  const [bar, top, bottom] = [4, 120, 360];
  const start = Math.floor((WIDTH - dark.length * bar) / 2);
  const light = Buffer.alloc(WIDTH * HEIGHT, 235);
  for (let y = top; y < bottom; y += 1) {
    for (let x = 0; x < dark.length * bar; x += 1) {
      if (dark[Math.floor(x / bar)] === "1") light[y * WIDTH + start + x] = 16;
    }
  }
  const colours = Buffer.alloc(WIDTH * HEIGHT / 2, 128);
  const frame = Buffer.concat([Buffer.from("FRAME\n"), light, colours]);
  writeFileSync(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`), frame, frame]));
}
