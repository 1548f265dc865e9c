// The trust anchors of the DNS root in files: see anchor_store.h.
#include "dns/anchor_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "dns/trust_anchor.h"

namespace mxpress::dns {
namespace {

constexpr std::size_t kMaxSize = 256 * 1024;

// The name of the copy follows from that of its source: another source does not meet the copy of an earlier one.
std::string copy_of(std::string source, const std::string& folder) {
  if (folder.empty()) return {};
  std::replace(source.begin(), source.end(), '/', '_');
  return folder + "/" + source;
}

std::string read_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return {};
  std::string text(kMaxSize, '\0');
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

bool write_all(int file, const std::string& text) {
  return ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
}

// Replaces the file by one that is complete on the disk.
Status replace_file(const std::string& path, const std::string& text) {
  const std::string folder = path.substr(0, path.rfind('/')), written = path + ".new";
  ::mkdir(folder.c_str(), 0700);
  const int file = ::open(written.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return Error::transient(written + ": " + std::strerror(errno));
  const bool done = write_all(file, text);
  const bool closed = ::close(file) == 0;
  if (done && closed && std::rename(written.c_str(), path.c_str()) == 0) return {};
  const int error = errno;
  ::unlink(written.c_str());
  return Error::transient(path + ": " + std::strerror(error));
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::string text_of(const std::vector<std::string>& records) {
  std::string text;
  for (const std::string& record : records) text += record + "\n";
  return text;
}

}  // namespace

AnchorStore::AnchorStore(std::string source, std::string folder) : source_(std::move(source)), copy_(copy_of(source_, folder)) {}

Result<Anchors> AnchorStore::open() const {
  Anchors anchors;
  const auto original = [this] { return parse_trust_anchors(read_file(source_)); };
  if (!copy_.empty()) anchors.records = parse_trust_anchors(read_file(copy_));
  if (!anchors.records.empty()) {
    anchors.file = copy_;
    // libunbound writes a new file beside it: without the right to do so it would only complain.
    if (::access(copy_.substr(0, copy_.rfind('/')).c_str(), W_OK) == 0) return anchors;
    anchors.file.clear();
    anchors.note = "changes of the root's keys cannot be kept: no right to write beside " + copy_;
    return anchors;
  }
  anchors.records = original();
  if (anchors.records.empty()) return Error::permanent("no trust anchor of the DNS root in " + source_ + ": install dns-root-data");
  if (copy_.empty()) return anchors;
  const bool was_damaged = exists(copy_);
  if (const Status kept = replace_file(copy_, text_of(anchors.records)); !kept) {
    anchors.note = "changes of the root's keys cannot be kept: " + kept.error().message;
    return anchors;
  }
  anchors.file = copy_;
  if (was_damaged) anchors.note = copy_ + " had no usable trust anchor, and was replaced by " + source_;
  return anchors;
}

bool AnchorStore::replace_if_outdated() const {
  if (copy_.empty()) return false;
  const std::vector<std::string> known = parse_trust_anchors(read_file(copy_)), original = parse_trust_anchors(read_file(source_));
  const auto is_known = [&known](const std::string& record) { return std::find(known.begin(), known.end(), record) != known.end(); };
  if (std::all_of(original.begin(), original.end(), is_known)) return false;
  return replace_file(copy_, text_of(original)).ok();
}

}  // namespace mxpress::dns
