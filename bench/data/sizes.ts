/** How large ring and queue are: the same in both threads, which lay them over the same memory. */
export const RING_BYTES = 131_072
export const QUEUE_CAPACITY = 4_096
