/** Something the user should read: a sentence, and the lines below it that say what to do or what was seen. */
export class QuickstartError extends Error {
  name = 'QuickstartError';

  constructor(message, lines = []) {
    super(message);
    this.lines = lines;
  }
}
