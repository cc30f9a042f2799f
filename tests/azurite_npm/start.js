// Runs the emulator named by the first argument until its standard input ends, which it does as
// soon as whoever started it is gone, however that came about.
const [emulator] = process.argv.splice(2, 1);
process.stdin.on("end", () => process.exit()).resume();
require(emulator);
