// Turns of the others on a thread.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "dns/async.h"

namespace mxpress {

// Goes on behind everything that is ready now: whoever has much to do calls it after each piece of at most some milliseconds.
inline Task<void> let_others_go_on() { co_await asio::post(co_await asio::this_coro::executor, use_task); }

}  // namespace mxpress
