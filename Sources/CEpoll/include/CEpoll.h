// Linux's epoll, which Swift's Glibc module leaves out.
#ifndef MASER_CEPOLL_H
#define MASER_CEPOLL_H

#include <stdint.h>
#include <sys/epoll.h>

/// Watches `socket` for what can be read, and for room to write where `writes`. 0, or -1 with errno.
static inline int maser_epoll_set(int epoll, int operation, int socket, uint32_t token, int writes) {
    struct epoll_event event = {.events = EPOLLIN | (writes ? EPOLLOUT : 0), .data = {.u32 = token}};
    return epoll_ctl(epoll, operation, socket, &event);
}

static inline uint32_t maser_epoll_token(const struct epoll_event *event) { return event->data.u32; }

static inline int maser_epoll_is_writable(const struct epoll_event *event) { return (event->events & EPOLLOUT) != 0; }

#endif
