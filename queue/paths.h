// The paths in the spool's directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/queue_id.h"
#include "queue/disk.h"

namespace mxpress::queue {

using proto::QueueId;

struct Paths {
  Path root;
  Path journal() const { return root / "journal"; }
  Path messages() const { return root / "messages"; }
  Path incoming() const { return root / "incoming"; }  // incomplete files
  Path corrupt() const { return root / "corrupt"; }
  Path folder(QueueId id) const;
  Path file(QueueId id) const { return folder(id) / id.to_string(); }
  Path large(QueueId id) const { return incoming() / (id.to_string() + ".large"); }  // complete; gets its place once its record is synced
};

// `folder`: Paths::journal().
Path segment_path(const Path& folder, std::uint32_t number);
// Nullopt for a name that is not a segment's.
std::optional<std::uint32_t> segment_number(std::string_view name);

}  // namespace mxpress::queue
