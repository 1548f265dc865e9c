// The name of this host if the configuration has none.
#pragma once

#include <boost/filesystem/path.hpp>
#include <string>
#include <vector>

namespace mxpress::mta::config {

// The sources of the name; tests replace them.
struct HostNameSources {
  boost::filesystem::path mailname = "/etc/mailname";
  boost::filesystem::path hosts = "/etc/hosts";
  std::string node_name;  // gethostname(); empty: ask the kernel
};

// /etc/mailname, else the fully qualified name: gethostname(), completed from /etc/hosts. The DNS is never asked: the daemon reads its
// configuration as root and must start without a network. Adds a warning with the key to set unless the name is fully qualified. Never
// "localhost": no mail host accepts it (then it is a name below .invalid, RFC 2606 2).
std::string find_host_name(const HostNameSources& sources, std::vector<std::string>& warnings);

// Has a dot, is not a variant of localhost. RFC 5321 2.3.5, 4.1.1.1
bool is_usable_host_name(const std::string& name);

}  // namespace mxpress::mta::config
