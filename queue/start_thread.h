// Starts threads and reports failure: the system or the unit (TasksMax=) may allow no more of them.
#pragma once

#include <system_error>
#include <thread>
#include <utility>

#include "proto/result.h"

namespace mxpress::queue {

template <class Call>
Result<std::thread> start_thread(Call call) {
  try {
    return std::thread(std::move(call));
  } catch (const std::system_error& error) {
    return Error::transient(std::string("cannot start a thread: ") + error.code().message());
  }
}

}  // namespace mxpress::queue
