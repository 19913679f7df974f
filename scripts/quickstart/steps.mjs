// What the quickstart shows: one line a step, with its time; on a terminal the line of the running step lives.
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const NAME_WIDTH = 14;
const TIME_WIDTH = 10;

const terminal = process.stdout.isTTY === true && process.env.TERM !== 'dumb';
const coloured = terminal && !process.env.NO_COLOR;
const paint = (code) => (text) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);

export const style = { title: paint(1), quiet: paint(2), good: paint(32), bad: paint(31), careful: paint(33), busy: paint(36) };

/**
 * Carries out one step and shows it: its name, how long it took, and what it answers.
 *
 * @param {string} name
 * @param {(say: (what: string) => void) => Promise<string>} work is given a function to say what it is doing; answers what it found or did
 */
export async function step(name, work) {
  const startedAt = Date.now();
  let doing = '';
  const line = (mark, text) => `  ${mark} ${name.padEnd(NAME_WIDTH)}${elapsed(Date.now() - startedAt).padStart(TIME_WIDTH)}   ${style.quiet(text)}`;
  const draw = () => process.stdout.write(`\r\u001b[2K${cut(line(style.busy(FRAMES[Math.floor(Date.now() / 100) % FRAMES.length]), doing))}`);
  const timer = terminal ? setInterval(draw, 100) : undefined;
  const end = (mark, text) => {
    clearInterval(timer);
    process.stdout.write(`${terminal ? '\r\u001b[2K' : ''}${line(mark, text)}\n`);
  };
  const say = (what) => {
    doing = what;
    // without a living line a long step would look like a stuck one
    if (!terminal) console.log(`    ${what}`);
  };
  try {
    const result = await work(say);
    end(style.good('✓'), result);
  } catch (error) {
    end(style.bad('✗'), '');
    throw error;
  }
}

/** `0.2 s`, `2 m 05 s`. */
function elapsed(ms) {
  const seconds = ms / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} m ${String(Math.round(seconds) % 60).padStart(2, '0')} s`;
}

/** The terminal's width, not counting colours, so that the living line stays one line. */
function cut(text) {
  const columns = (process.stdout.columns ?? 80) - 1;
  let width = 0;
  return text.replace(/\u001b\[\d*m|[^]/gu, (part) => (part.length > 2 || ++width <= columns ? part : ''));
}
