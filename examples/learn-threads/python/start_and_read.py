import json
import os
import subprocess
import sys

script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "count_to_three.py")
program = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
print("main: started it, and did not wait", flush=True)
output, errors = program.communicate()
print(f"main: its output was {json.dumps(output)}", flush=True)
print(f"main: its errors were {json.dumps(errors)}", flush=True)
print(f"main: it ended with exit code {program.returncode}", flush=True)
