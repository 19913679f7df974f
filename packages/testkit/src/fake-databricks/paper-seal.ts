/** Seals without a key: what was sealed cannot be read by chance, nor opened in another place. */
export const paperSeal = {
  close: (text: string, context: string): string => Buffer.from(JSON.stringify([context, text])).toString('base64'),
  open(sealed: string, context: string): string {
    const [place, text] = JSON.parse(Buffer.from(sealed, 'base64').toString('utf8')) as [string, string];
    if (place !== context) throw new Error(`sealed for '${place}', not for '${context}'`);
    return text;
  },
};
