/** The stories of `fixtures/stories.ts` go as `transcripts/*.txt` tell them. */
import { fileURLToPath } from 'node:url'
import { describeTranscripts } from '../fixtures/transcripts.ts'
import { stories } from './fixtures/stories.ts'

describeTranscripts('a search', fileURLToPath(new URL('./transcripts/', import.meta.url)), stories)
