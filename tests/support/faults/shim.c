/* A bad disk and a bad clock, for one process: loaded before libc, told what to do through a mapped file.
 *
 * FAULTY       the mapped file, laid out as struct control
 * FAULTY_PATH  only files whose path begins so are touched
 * FAULTY_CUT   a folder: what was synced of those files is kept there as a second copy, which is what a machine
 *                    would find after a power cut if its disk lost everything that was not synced
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
    volatile int32_t sync_errno;  /* fsync and fdatasync fail so, after the kernel has done its part */
    volatile int32_t write_errno; /* writes fail so; EROFS refuses to open for writing too */
    volatile int64_t clock_ns;    /* added to the wall clock */
    volatile int64_t failed;      /* calls that were made to fail */
};

static struct control nothing;
static struct control *control = &nothing;
static const char *prefix;
static const char *cut;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTY");
    prefix = getenv("FAULTY_PATH");
    cut = getenv("FAULTY_CUT");
    if (!path) return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) abort();
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) abort();
    close(fd);
    control = mapped;
}

static int ours(const char *path) { return prefix && !strncmp(path, prefix, strlen(prefix)); }

static int path_of(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return ours(path);
}

static int fails(int fd, int error) {
    char path[4096];
    if (!error || !path_of(fd, path, sizeof path)) return 0;
    __atomic_add_fetch(&control->failed, 1, __ATOMIC_SEQ_CST);
    errno = error;
    return 1;
}

/* The second copy: of each file the span that was written since it was last synced. */

#define FILES 64
static struct { char name[256]; off_t from, to; } dirty[FILES];
static struct { char from[256], to[256]; } renamed; /* until the folder is synced, the disk has the old name */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int kept(const char *path) {
    const char *name = strrchr(path, '/') + 1;
    size_t length = strlen(name);
    if (length > 4 && !strcmp(name + length - 4, "-shm")) return -1; /* SQLite makes it anew */
    for (int i = 0; i < FILES; i++) {
        if (!dirty[i].name[0]) strncpy(dirty[i].name, name, sizeof dirty[i].name - 1);
        if (!strcmp(dirty[i].name, name)) return i;
    }
    abort();
}

/* A sync that fails leaves pages marked as clean that never reached the disk: no later one writes them (fsync(2)). */
static void lost(int fd) {
    char path[4096];
    if (!cut || !path_of(fd, path, sizeof path)) return;
    pthread_mutex_lock(&lock);
    int i = kept(path);
    if (i >= 0) dirty[i].from = dirty[i].to = 0;
    pthread_mutex_unlock(&lock);
}

static int sync_fails(int fd) {
    if (!fails(fd, control->sync_errno)) return 0;
    int error = errno;
    lost(fd);
    errno = error;
    return 1;
}

static void copy_path(const char *name, char *path, size_t size) { snprintf(path, size, "%s/%s", cut, name); }

static void wrote(int fd, off_t from, ssize_t count) {
    char path[4096];
    if (!cut || count <= 0 || !path_of(fd, path, sizeof path)) return;
    pthread_mutex_lock(&lock);
    int i = kept(path);
    if (i >= 0) {
        if (dirty[i].from == dirty[i].to) { dirty[i].from = from; dirty[i].to = from + count; }
        if (from < dirty[i].from) dirty[i].from = from;
        if (from + count > dirty[i].to) dirty[i].to = from + count;
    }
    pthread_mutex_unlock(&lock);
}

static void synced(int fd) {
    char path[4096], copy[8192], block[65536];
    if (!cut || !path_of(fd, path, sizeof path)) return;
    REAL(pwrite64);
    pthread_mutex_lock(&lock);
    int i = kept(path);
    if (i >= 0 && dirty[i].to > dirty[i].from) {
        copy_path(dirty[i].name, copy, sizeof copy);
        int out = open(copy, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (out < 0) abort();
        for (off_t at = dirty[i].from; at < dirty[i].to;) {
            size_t want = dirty[i].to - at < (off_t)sizeof block ? (size_t)(dirty[i].to - at) : sizeof block;
            ssize_t got = pread(fd, block, want, at);
            if (got <= 0) break; /* cut off meanwhile */
            if (real(out, block, got, at) != got) abort();
            at += got;
        }
        close(out);
        dirty[i].from = dirty[i].to = 0;
    }
    pthread_mutex_unlock(&lock);
}

static void folder_synced(int fd) {
    char link[64], path[4096], from[8192], to[8192];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = cut && renamed.to[0] ? readlink(link, path, sizeof path - 1) : -1;
    if (length < 0 || strncmp(path, prefix, length) || prefix[length] != '/' || strchr(prefix + length + 1, '/')) return;
    REAL(rename);
    copy_path(renamed.from, from, sizeof from);
    copy_path(renamed.to, to, sizeof to);
    if (real(from, to)) abort();
    renamed.to[0] = 0;
}

/* Where a write means a file of ours. */

int fsync(int fd) {
    REAL(fsync);
    int result = real(fd);
    if (sync_fails(fd)) return -1;
    if (!result) { synced(fd); folder_synced(fd); }
    return result;
}

int rename(const char *from, const char *to) {
    REAL(rename);
    int result = real(from, to);
    if (!result && cut && ours(to)) {
        strncpy(renamed.from, strrchr(from, '/') + 1, sizeof renamed.from - 1);
        strncpy(renamed.to, strrchr(to, '/') + 1, sizeof renamed.to - 1);
    }
    return result;
}

int fdatasync(int fd) {
    REAL(fdatasync);
    int result = real(fd);
    if (sync_fails(fd)) return -1;
    if (!result) synced(fd);
    return result;
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t at) {
    REAL(pwrite);
    if (fails(fd, control->write_errno)) return -1;
    ssize_t result = real(fd, data, count, at);
    wrote(fd, at, result);
    return result;
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t at) {
    REAL(pwrite64);
    if (fails(fd, control->write_errno)) return -1;
    ssize_t result = real(fd, data, count, at);
    wrote(fd, at, result);
    return result;
}

ssize_t write(int fd, const void *data, size_t count) {
    REAL(write);
    if (fails(fd, control->write_errno)) return -1;
    return real(fd, data, count);
}

static void shortened(int fd, off_t size) {
    char path[4096], copy[8192];
    if (!cut || !path_of(fd, path, sizeof path)) return;
    pthread_mutex_lock(&lock);
    int i = kept(path);
    if (i >= 0) {
        copy_path(dirty[i].name, copy, sizeof copy);
        if (truncate(copy, size) && errno != ENOENT) abort();
        if (dirty[i].to > size) dirty[i].to = size;
        if (dirty[i].from > size) dirty[i].from = size;
    }
    pthread_mutex_unlock(&lock);
}

int ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    if (fails(fd, control->write_errno)) return -1;
    int result = real(fd, size);
    if (!result) shortened(fd, size);
    return result;
}

int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    if (fails(fd, control->write_errno)) return -1;
    int result = real(fd, size);
    if (!result) shortened(fd, size);
    return result;
}

int unlink(const char *path) {
    REAL(unlink);
    int result = real(path);
    if (!result && cut && ours(path)) {
        char copy[8192];
        pthread_mutex_lock(&lock);
        int i = kept(path);
        if (i >= 0) {
            copy_path(dirty[i].name, copy, sizeof copy);
            real(copy);
            dirty[i].from = dirty[i].to = 0;
        }
        pthread_mutex_unlock(&lock);
    }
    return result;
}

static int may_open(const char *path, int flags) {
    if (control->write_errno != EROFS || (flags & O_ACCMODE) == O_RDONLY || !ours(path)) return 1;
    __atomic_add_fetch(&control->failed, 1, __ATOMIC_SEQ_CST);
    errno = EROFS;
    return 0;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        return may_open(path, flags) ? real(path, flags, mode) : -1; \
    }
OPEN(open)
OPEN(open64)

/* The wall clock. */

int clock_gettime(clockid_t which, struct timespec *now) {
    REAL(clock_gettime);
    int result = real(which, now);
    int64_t shift = control->clock_ns;
    if (!result && shift && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
        int64_t total = now->tv_sec * 1000000000LL + now->tv_nsec + shift;
        now->tv_sec = total / 1000000000LL;
        now->tv_nsec = total % 1000000000LL;
    }
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec precise;
    if (clock_gettime(CLOCK_REALTIME, &precise)) return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
