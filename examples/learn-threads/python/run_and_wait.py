import os
import subprocess
import sys

script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "count_to_three.py")
print("before the script", flush=True)
result = subprocess.run([sys.executable, script])
print(f"after the script, which ended with exit code {result.returncode}", flush=True)
