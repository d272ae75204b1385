import threading


class Countdown(threading.Thread):
    def __init__(self, start_from):
        super().__init__(name="countdown")
        self.start_from = start_from
        self.result = None

    def run(self):
        for number in range(self.start_from, 0, -1):
            print(f"{self.name}: {number}", flush=True)
        self.result = "lift off"


countdown = Countdown(3)
countdown.start()
countdown.join()
print(f"main: the countdown says {countdown.result}", flush=True)
