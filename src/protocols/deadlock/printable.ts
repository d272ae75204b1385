/**
 * Text that a terminal only shows: names may come from anywhere, and what would steer it is replaced.
 *
 * That is control characters, those that end a line, and those that turn the direction of writing, by which a line could be made
 * to read as another one. Joiners stay, since emoji are made of them.
 */
const steering = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/** Of one line: a line feed is replaced too. */
export function printable(text: string): string {
  return text.replaceAll(steering, '?')
}
