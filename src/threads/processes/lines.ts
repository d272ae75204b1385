/**
 * The lines of a stream, as they come.
 *
 * Node's own `readline` loses lines that arrive before somebody asks for the first; this one reads only as fast as it is
 * read. A line without an end is bounded, so that a program that writes none cannot fill this one's memory.
 */
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { CardumenError } from '../../lib/cardumen-error.ts'

const lineCharactersMax = 1_048_576

/** Without their ends (`\n`, `\r\n`); the last one also where it has none. @throws CardumenError `too-large` */
export async function* lines(stream: Readable): AsyncGenerator<string, undefined> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const parts = (rest + decoder.write(chunk)).split('\n')
    rest = parts.pop() ?? ''
    if (rest.length > lineCharactersMax)
      throw new CardumenError('too-large', `A line is longer than ${lineCharactersMax} letters.`)
    for (const line of parts) yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
  rest += decoder.end()
  if (rest !== '') yield rest
}
