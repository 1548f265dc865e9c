// Searches damaged data for messages.
#include "queue/remains.h"

#include <algorithm>

#include "proto/printable.h"
#include "queue/crc32c.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kSearched = 64u << 20;  // octets of one file
constexpr std::size_t kMaxFound = 1000;

void read_envelope(std::string_view bytes, const RecordHeader& header, std::uint64_t at, Remains& out) {
  const auto begin = at + kRecordHeader + header.content_size;
  if (begin > bytes.size() || header.meta_size > bytes.size() - begin) return;
  const auto meta = bytes.substr(begin, header.meta_size);
  if (crc32c(meta) != header.meta_crc) return;
  const auto accepted = decode_accepted(meta);
  if (!accepted) return;
  out.sender = accepted->envelope.reverse_path.to_string();
  for (const auto& recipient : accepted->envelope.recipients) out.recipients.push_back(recipient.mailbox.to_string());
}

}  // namespace

std::optional<Remains> message_at(const Path& file, std::string_view bytes, std::uint64_t at) {
  const auto header = bytes[at] == 'M' ? decode_record(bytes.substr(at)) : std::nullopt;
  if (!header || (header->type != RecordType::accepted && header->type != RecordType::accepted_file)) return std::nullopt;
  Remains out{file, QueueId{header->id}, std::nullopt, {}, at + kRecordHeader, header->content_size, false};
  out.size = std::min(header->content_size, bytes.size() - out.begin);
  out.is_whole = out.size == header->content_size && crc32c(bytes.substr(out.begin, out.size)) == header->content_crc;
  read_envelope(bytes, *header, at, out);
  return out;
}

std::string describe(const Remains& message) {
  std::string out = "message " + message.id.to_string();
  if (!message.sender) return out;
  out += " from <" + *message.sender + "> to ";
  for (std::size_t i = 0; i < message.recipients.size(); ++i) out += (i == 0 ? "<" : ", <") + message.recipients[i] + ">";
  return proto::printable(out, 500);
}

Result<std::vector<Remains>> find_remains(Disk& disk, const Path& path) {
  const auto file = disk.open(path, Open::read);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  std::string bytes(static_cast<std::size_t>(std::min(*size, kSearched)), '\0');
  const auto n = (*file)->read_at(0, bytes.data(), bytes.size());
  if (!n) return n.error();
  bytes.resize(*n);
  std::vector<Remains> out;
  // Records begin at multiples of 8 in their file, and so do copies of them, except where the damage itself begins.
  for (std::uint64_t at = 0; at + kRecordHeader <= bytes.size() && out.size() < kMaxFound; ++at)
    if (auto found = message_at(path, bytes, at)) out.push_back(std::move(*found));
  return out;
}

}  // namespace mxpress::queue
