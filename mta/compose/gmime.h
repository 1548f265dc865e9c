// Ownership of objects of GMime, and its start. For .cc files of this folder only.
#pragma once

#include <gmime/gmime.h>

#include <memory>

namespace mxpress::mta::compose {

struct Unref {
  template <class T>
  void operator()(T* object) const {
    g_object_unref(object);
  }
};
template <class T>
using Held = std::unique_ptr<T, Unref>;

// Once for the process; more calls have no effect.
inline void start_gmime() {
  static const bool is_started = (g_mime_init(), true);
  (void)is_started;
}

}  // namespace mxpress::mta::compose
