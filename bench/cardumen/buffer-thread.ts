/** What our threads run with large arguments. */
import { type HandedOver, handOver } from '../../src/threads.ts'

export { lengthOf } from '../pools/buffer-task.ts'

export function moveBack(buffer: ArrayBuffer): HandedOver<ArrayBuffer> {
  return handOver(buffer, [buffer])
}
