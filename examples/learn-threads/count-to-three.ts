/** The script that `run-and-wait.ts` and `start-and-read.ts` run: three lines, and one on standard error. */
for (let number = 1; number <= 3; number++) console.log(`script: ${number}`)
console.error('script: done')
