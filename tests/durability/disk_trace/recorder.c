/* Records what a process writes to the files of one directory, and when it makes that durable.
 *
 * Loaded with LD_PRELOAD. DISK_TRACE is the file to append to, DISK_TRACED the directory's real path.
 * A record is a line "kind time path offset length\n" and, for a write, the bytes; "time" is CLOCK_MONOTONIC
 * in nanoseconds before the operation began. One lock is held over an operation and its record, so that
 * records are in the order in which the operating system did them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))
#define MAX_FILES 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *paths[MAX_FILES]; /* of the open files within the directory, by descriptor */
static int trace = -1;

/* The operating system's own function of this name. */
static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static ssize_t real_write(int fd, const void *data, size_t length)
{
    return REAL(write)(fd, data, length);
}

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* The name in the directory, "." for itself, or NULL for what is elsewhere or in a folder below. */
static const char *within(const char *path)
{
    const char *folder = getenv("DISK_TRACED");
    size_t length = folder ? strlen(folder) : 0;
    if (!length || !path || strncmp(path, folder, length) || (path[length] && path[length] != '/'))
        return NULL;
    if (!path[length])
        return ".";
    return strchr(path + length + 1, '/') ? NULL : path + length + 1;
}

/* The name in the directory of an open file, or NULL. */
static const char *of(int fd)
{
    return fd >= 0 && fd < MAX_FILES ? paths[fd] : NULL;
}

static void record(const char *kind, long long time, const char *path, long long offset, const void *data,
                   size_t length)
{
    char line[PATH_MAX + 128];
    int size = snprintf(line, sizeof line, "%s %lld %s %lld %zu\n", kind, time, path, offset, length);
    if (trace < 0)
        trace = REAL(open)(getenv("DISK_TRACE"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int told = trace >= 0 && real_write(trace, line, size) == size;
    if (!told || (data && real_write(trace, data, length) != (ssize_t)length))
        abort(); /* A trace with a gap would prove nothing. */
}

/* Remember whose descriptor it is, and return it. */
static int opened(int fd, int flags, long long time)
{
    char path[PATH_MAX], link[64];
    if (fd < 0 || fd >= MAX_FILES)
        return fd;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    const char *name = within(path);
    free(paths[fd]);
    paths[fd] = name ? strdup(name) : NULL;
    if (name && (flags & O_CREAT))
        record("create", time, name, 0, NULL, 0);
    if (name && (flags & O_TRUNC))
        record("truncate", time, name, 0, NULL, 0);
    return fd;
}

#define OPEN(name)                                                                       \
    int name(const char *path, int flags, ...)                                           \
    {                                                                                    \
        va_list more;                                                                    \
        va_start(more, flags);                                                           \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;        \
        va_end(more);                                                                    \
        pthread_mutex_lock(&lock);                                                       \
        long long time = now();                                                          \
        int fd = opened(REAL(name)(path, flags, mode), flags, time);               \
        pthread_mutex_unlock(&lock);                                                     \
        return fd;                                                                       \
    }
OPEN(open)
OPEN(open64)

int close(int fd)
{
    pthread_mutex_lock(&lock);
    if (of(fd)) {
        free(paths[fd]);
        paths[fd] = NULL;
    }
    int result = REAL(close)(fd);
    pthread_mutex_unlock(&lock);
    return result;
}

#define PWRITE(name, offset_type)                                                        \
    ssize_t name(int fd, const void *data, size_t length, offset_type offset)            \
    {                                                                                    \
        if (!of(fd))                                                                     \
            return REAL(name)(fd, data, length, offset);                                 \
        pthread_mutex_lock(&lock);                                                       \
        long long time = now();                                                          \
        ssize_t written = REAL(name)(fd, data, length, offset);                          \
        if (written > 0)                                                                 \
            record("write", time, of(fd), offset, data, written);                        \
        pthread_mutex_unlock(&lock);                                                     \
        return written;                                                                  \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t length)
{
    if (!of(fd))
        return real_write(fd, data, length);
    pthread_mutex_lock(&lock);
    long long time = now();
    ssize_t written = real_write(fd, data, length);
    if (written > 0)
        record("write", time, of(fd), lseek(fd, 0, SEEK_CUR) - written, data, written);
    pthread_mutex_unlock(&lock);
    return written;
}

#define ON_FILE(name, kind, parameters, arguments, size)                                 \
    int name parameters                                                                  \
    {                                                                                    \
        if (!of(fd))                                                                     \
            return REAL(name) arguments;                                                 \
        pthread_mutex_lock(&lock);                                                       \
        long long time = now();                                                          \
        int result = REAL(name) arguments;                                               \
        if (result == 0)                                                                 \
            record(kind, time, of(fd), size, NULL, 0);                                   \
        pthread_mutex_unlock(&lock);                                                     \
        return result;                                                                   \
    }
ON_FILE(fsync, "sync", (int fd), (fd), 0)
ON_FILE(fdatasync, "sync", (int fd), (fd), 0)
ON_FILE(ftruncate, "truncate", (int fd, off_t size), (fd, size), size)
ON_FILE(ftruncate64, "truncate", (int fd, off64_t size), (fd, size), size)

int unlink(const char *path)
{
    pthread_mutex_lock(&lock);
    long long time = now();
    int result = REAL(unlink)(path);
    if (result == 0 && within(path))
        record("unlink", time, within(path), 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int rename(const char *from, const char *to)
{
    pthread_mutex_lock(&lock);
    long long time = now();
    int result = REAL(rename)(from, to);
    if (result == 0 && within(from) && within(to)) {
        const char *target = within(to);
        record("rename", time, within(from), 0, target, strlen(target));
    }
    pthread_mutex_unlock(&lock);
    return result;
}
