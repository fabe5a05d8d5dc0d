"""The names of system calls, and what kind of try a refused one is; the numbers are those of Linux."""

from __future__ import annotations

from selftaught.worker import seccomp

# Each line: name, number on x86-64, number on aarch64, which argument is a path (`-`: none).
_FILE = """
open 2 - 0 | openat 257 56 1 | openat2 437 437 1 | creat 85 - 0 | mkdir 83 - 0 | mkdirat 258 34 1 | rmdir 84 - 0
unlink 87 - 0 | unlinkat 263 35 1 | rename 82 - 0 | renameat 264 38 1 | renameat2 316 276 1 | link 86 - 0
linkat 265 37 1 | symlink 88 - 1 | symlinkat 266 36 2 | chmod 90 - 0 | fchmodat 268 53 1 | fchmod 91 52 -
chown 92 - 0 | lchown 94 - 0 | fchown 93 55 - | fchownat 260 54 1 | truncate 76 45 0 | ftruncate 77 46 -
mknod 133 - 0 | mknodat 259 33 1 | utime 132 - 0 | utimes 235 - 0 | utimensat 280 88 1 | futimesat 261 - 1
chdir 80 49 0 | fchdir 81 50 - | setxattr 188 5 0 | lsetxattr 189 6 0 | fsetxattr 190 7 - | removexattr 197 14 0
lremovexattr 198 15 0 | getxattr 191 8 0 | lgetxattr 192 9 0 | listxattr 194 11 0 | statfs 137 43 0
fstatfs 138 44 - | inotify_add_watch 254 27 1 | fanotify_mark 301 263 4 | name_to_handle_at 303 264 1
fallocate 285 47 - | flock 73 32 - | fsync 74 82 - | fdatasync 75 83 - | sync 162 81 - | syncfs 306 267 -
copy_file_range 326 285 - | sendfile 40 71 - | splice 275 76 - | umask 95 166 - | memfd_create 319 279 -
memfd_secret 447 447 - | stat 4 - 0 | lstat 6 - 0 | statx 332 291 1 | access 21 - 0 | faccessat 269 48 1
faccessat2 439 439 1 | readlink 89 - 0 | readlinkat 267 78 1 | getdents 78 - - | getdents64 217 61 -
newfstatat 262 79 1
"""
_SOCKET = """
socket 41 198 - | socketpair 53 199 - | connect 42 203 - | bind 49 200 - | listen 50 201 - | accept 43 202 -
accept4 288 242 - | sendto 44 206 - | sendmmsg 307 269 - | recvmmsg 299 243 - | setsockopt 54 208 -
getsockopt 55 209 -
"""
_PROCESS = """
clone 56 220 - | fork 57 - - | vfork 58 - - | execve 59 221 0 | execveat 322 281 1 | kill 62 129 - | tgkill 234 131 -
tkill 200 130 - | rt_sigqueueinfo 129 138 - | rt_tgsigqueueinfo 297 240 - | pidfd_send_signal 424 424 -
setsid 112 157 - | setpgid 109 154 - | setuid 105 146 - | setgid 106 144 - | setreuid 113 145 - | setregid 114 143 -
setresuid 117 147 - | setresgid 119 149 - | setgroups 116 159 - | setfsuid 122 151 - | setfsgid 123 152 -
capset 126 91 - | setpriority 141 140 - | sched_setaffinity 203 122 - | sched_setscheduler 144 119 -
sched_setattr 314 274 - | sched_setparam 142 118 - | ioprio_set 251 30 - | process_mrelease 448 448 -
"""
_OTHER = """
prctl 157 167 - | seccomp 317 277 - | fcntl 72 25 - | ioctl 16 29 - | arch_prctl 158 - - | personality 135 92 -
landlock_create_ruleset 444 444 - | landlock_add_rule 445 445 - | shmget 29 194 - | shmat 30 196 - | shmctl 31 195 -
semget 64 190 - | semop 65 193 - | semctl 66 191 - | msgget 68 186 - | msgsnd 69 189 - | msgctl 71 187 -
mq_open 240 180 - | mq_unlink 241 181 - | signalfd 282 - - | signalfd4 289 74 - | timerfd_create 283 85 -
inotify_init 253 - - | inotify_init1 294 26 - | fanotify_init 300 262 - | syslog 103 116 - | mlock 149 228 -
mlock2 325 284 - | mlockall 151 230 - | mbind 237 235 - | set_mempolicy 238 237 - | get_mempolicy 239 236 -
migrate_pages 256 238 - | move_pages 279 239 - | remap_file_pages 216 234 - | pkey_mprotect 329 288 -
pkey_alloc 330 289 - | vmsplice 278 75 - | tee 276 77 - | io_setup 206 0 - | io_submit 209 2 - | timer_create 222 107 -
sched_getattr 315 275 - | msync 26 227 - | mincore 27 232 - | vhangup 153 58 - | adjtimex 159 171 -
get_robust_list 274 100 -
"""
OF_A_PROCESS = frozenset(seccomp.calls_on_a_process())
"""The calls that ask something of a process, which a child may ask of itself."""

_KINDS = {"file": _FILE, "socket": _SOCKET, "process": _PROCESS, "refused_call": _OTHER}

NAMES: dict[str, dict[int, str]] = {"x86_64": {}, "aarch64": {}}
"""The name of a call by machine and number."""
KINDS: dict[str, str] = {}
"""The kind of violation by a call's name."""
PATHS: dict[str, int] = {}
"""Which argument of a call is a path, by its name."""
ATTACKS = frozenset(seccomp.attack_names())
"""The calls that end the process."""


def _fill() -> None:
    for arch, numbers in ((arch, seccomp.numbers(arch)) for arch in NAMES):
        NAMES[arch].update({number: name for name, number in numbers.items()})
    for kind, table in _KINDS.items():
        for entry in filter(str.strip, table.replace("\n", "|").split("|")):
            name, x86_64, aarch64, path = entry.split()
            for arch, number in (("x86_64", x86_64), ("aarch64", aarch64)):
                if number != "-":
                    NAMES[arch][int(number)] = name
            KINDS[name] = kind
            if path != "-":
                PATHS[name] = int(path)


_fill()
