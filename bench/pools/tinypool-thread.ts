/** What tinypool's threads run with large arguments. */
import { Tinypool } from 'tinypool'

export { lengthOf } from './buffer-task.ts'

export function moveBack(buffer: ArrayBuffer): unknown {
  return Tinypool.move(buffer)
}
