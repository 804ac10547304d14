/* Stands between a process and its syncs, when loaded before the C library (LD_PRELOAD).
 *
 * QUOIN_SYNCS names a file of 64 bytes that this process and a test both look at while it runs; its
 * numbers have 8 bytes each, in the order of `struct syncs`. Numbers are changed at once, so that
 * neither side ever sees a half of one.
 *
 * A sync is noted when it begins, waits while `held` is set, takes `microseconds` (then the real disk is
 * not asked: the delay is the disk), fails with EIO while `failing` is set, and is noted when it is done.
 * Delays of several threads run side by side; SQLite syncs one file one after the other.
 *
 * Left out: what is durable without these two functions (O_SYNC, sync_file_range, msync, syncfs,
 * io_uring), programs that call the kernel themselves or are linked statically, and the time that
 * writing itself takes. Where the delay is 0, the real disk is asked as always. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

struct syncs {
    _Atomic uint64_t begun;
    _Atomic uint64_t done;
    _Atomic uint64_t microseconds;
    _Atomic uint64_t held;
    _Atomic uint64_t failing;
    uint64_t unused[3];
};

static struct syncs *shared;

__attribute__((constructor)) static void look(void) {
    const char *path = getenv("QUOIN_SYNCS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *at = mmap(NULL, sizeof(struct syncs), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (at != MAP_FAILED) shared = at;
}

static void pass(uint64_t microseconds) {
    struct timespec time = { (time_t)(microseconds / 1000000), (long)(microseconds % 1000000) * 1000 };
    while (nanosleep(&time, &time) == -1 && errno == EINTR) {}
}

static int sync_with(const char *name, int file) {
    int (*really)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (!shared) return really(file);
    atomic_fetch_add(&shared->begun, 1);
    while (atomic_load(&shared->held)) pass(200);
    uint64_t microseconds = atomic_load(&shared->microseconds);
    int result = 0;
    if (atomic_load(&shared->failing)) {
        errno = EIO;
        result = -1;
    } else if (microseconds) {
        /* Linux lets a sleep be 50 microseconds late otherwise. */
        prctl(PR_SET_TIMERSLACK, 1UL);
        pass(microseconds);
    } else {
        result = really(file);
    }
    int error = errno;
    atomic_fetch_add(&shared->done, 1);
    errno = error;
    return result;
}

int fsync(int file) { return sync_with("fsync", file); }

int fdatasync(int file) { return sync_with("fdatasync", file); }
