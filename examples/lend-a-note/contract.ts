/** What a note can be asked, and which right of a capability each operation needs. */
import { defineService } from 'cardumen'
import { z } from 'zod'

export const Note = defineService('note', {
  read: { right: 'read', output: z.string() },
  write: { right: 'modify', input: z.string() },
})
