// Asks GIO, which reads the database.
#include "mta/compose/media_type.h"

#include <gio/gio.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "proto/ascii.h"

namespace mxpress::mta::compose {
namespace {

constexpr std::size_t kHead = 4096;  // as GIO itself reads of a file

struct Free {
  void operator()(gchar* text) const { g_free(text); }
};
using Text = std::unique_ptr<gchar, Free>;

std::string guess(const std::string& name, std::string_view head) {
  const auto* const octets = reinterpret_cast<const guchar*>(head.data());
  const Text kind(g_content_type_guess(name.c_str(), head.empty() ? nullptr : octets, head.size(), nullptr));
  const Text type(kind ? g_content_type_get_mime_type(kind.get()) : nullptr);
  std::string lower = type ? type.get() : kAnyOctets;
  std::transform(lower.begin(), lower.end(), lower.begin(), proto::to_lower);
  return lower;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return proto::is_atext(c) || c == '.'; });
}

// inode/directory and application/x-zerosize are types of files, not of content.
bool can_be_sent(std::string_view type) {
  const auto slash = type.find('/');
  if (slash == type.npos || !is_token(type.substr(0, slash)) || !is_token(type.substr(slash + 1))) return false;
  constexpr std::string_view kTop[] = {"application", "audio", "font", "image", "model", "text", "video"};  // RFC 2046, RFC 8081
  return std::find(std::begin(kTop), std::end(kTop), type.substr(0, slash)) != std::end(kTop) && type != "application/x-zerosize";
}

}  // namespace

std::string media_type_of(const std::string& name, const Source& source) {
  const auto head = source.read_at(0, kHead);
  const std::string type = guess(name, head ? *head : std::string());
  return can_be_sent(type) ? type : kAnyOctets;
}

}  // namespace mxpress::mta::compose
