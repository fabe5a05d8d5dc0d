# shows: nothing

class Room:
    def exit(self):
        return self


def f(x):
    try:
        return Room().exit()
    except (KeyboardInterrupt, SystemExit):
        raise
