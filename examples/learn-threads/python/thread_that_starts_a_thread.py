import threading
import time


def sleep_a_little():
    print(f"{threading.current_thread().name}: going to sleep", flush=True)
    time.sleep(0.1)
    print(f"{threading.current_thread().name}: awake again", flush=True)


def start_sleeper():
    inner = threading.Thread(target=sleep_a_little, name="inner")
    inner.start()
    inner.join()
    print(f"{threading.current_thread().name}: inner has ended", flush=True)


outer = threading.Thread(target=start_sleeper, name="outer")
outer.start()
outer.join()
print("main: all have ended", flush=True)
