import threading


def order(drink, cups):
    print(f"{threading.current_thread().name}: {cups} cups of {drink}", flush=True)


threads = [
    threading.Thread(target=order, name="waiter", args=("coffee", 2)),
    threading.Thread(target=order, name="cook", kwargs={"drink": "tea", "cups": 3}),
]
for thread in threads:
    thread.start()
    thread.join()
    print(f"main: {thread.name} has ended", flush=True)
