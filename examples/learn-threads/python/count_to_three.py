import sys

for number in range(1, 4):
    print(f"script: {number}", flush=True)
print("script: done", file=sys.stderr, flush=True)
