import os
from multiprocessing import Process


def tell_pids(name):
    print(f"{name}: my pid is {os.getpid()}, my parent's is {os.getppid()}", flush=True)


if __name__ == "__main__":
    print(f"main: my pid is {os.getpid()}", flush=True)
    child = Process(target=tell_pids, args=("child",))
    child.start()
    child.join()
    print(f"main: the child ended with exit code {child.exitcode}", flush=True)
