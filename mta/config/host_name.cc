// The name of this host if the configuration has none.
#include "mta/config/host_name.h"

#include <unistd.h>

#include <algorithm>
#include <boost/filesystem/fstream.hpp>
#include <sstream>

#include "proto/domain.h"
#include "proto/printable.h"

namespace mxpress::mta::config {
namespace {

constexpr std::size_t kMaxLines = 10'000;

std::string canonical(const std::string& name) {
  const auto domain = proto::Domain::parse(name);
  return domain && !domain->is_address_literal() ? domain->text() : std::string();
}

std::string read_mailname(const boost::filesystem::path& path) {
  boost::filesystem::ifstream file(path);
  std::string word;
  file.width(300);
  file >> word;
  return canonical(word);
}

std::string kernel_node_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return {};
  return name;
}

// The fully qualified name on a line "address names..." that has `node` as one of its names.
std::string qualified_on_line(const std::string& line, const std::string& node) {
  std::istringstream words(line.substr(0, line.find('#')));
  std::string address, name, found;
  bool is_ours = false;
  words >> address;
  while (words >> name) {
    const std::string text = canonical(name);
    is_ours = is_ours || text == node;
    if (found.empty() && is_usable_host_name(text)) found = text;
  }
  return is_ours ? found : std::string();
}

std::string qualify_by_hosts(const boost::filesystem::path& path, const std::string& node) {
  boost::filesystem::ifstream file(path);
  std::string line;
  for (std::size_t count = 0; count < kMaxLines && std::getline(file, line); ++count)
    if (const std::string name = qualified_on_line(line, node); !name.empty()) return name;
  return {};
}

}  // namespace

bool is_usable_host_name(const std::string& name) {
  return name.find('.') != std::string::npos && !name.starts_with("localhost.") && !name.ends_with(".localhost") &&
         !name.ends_with(".invalid");
}

std::string find_host_name(const HostNameSources& sources, std::vector<std::string>& warnings) {
  if (const std::string name = read_mailname(sources.mailname); is_usable_host_name(name)) return name;
  const std::string node = canonical(sources.node_name.empty() ? kernel_node_name() : sources.node_name);
  if (is_usable_host_name(node)) return node;
  if (!node.empty())
    if (const std::string name = qualify_by_hosts(sources.hosts, node); !name.empty()) return name;
  const bool is_localhost = node.empty() || node == "localhost" || node.starts_with("localhost.");
  const std::string name = is_localhost ? "unnamed-host.invalid" : node;
  warnings.push_back(
      "the host name \"" + proto::printable(name, 255) +
      "\" is not fully qualified, so many mail hosts will refuse our mail: set hostname = \"mail.example.com\" (the name that "
      "the DNS has for this host's address) in the configuration, or write it to /etc/mailname");
  return name;
}

}  // namespace mxpress::mta::config
