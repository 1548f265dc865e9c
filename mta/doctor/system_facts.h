// Gathers facts about this host: asks the kernel and the files, changes nothing.
#pragma once

#include <boost/filesystem/path.hpp>

#include "mta/doctor/host_checks.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::doctor {

ClockFacts clock_facts(const std::vector<boost::filesystem::path>& files);
DiskFacts disk_facts(const Config& config);
// `own`: the places where mxpress's sendmail may be.
ProgramFacts program_facts(const std::string& name, const std::vector<boost::filesystem::path>& own);
// Where mxpress's own sendmail is, by the place of this program.
std::vector<boost::filesystem::path> own_sendmail();
// May ask the name service, which can take a while.
AliasFacts alias_facts(const Config& config, const std::string& name);
std::vector<Listener> listeners_of(const Config& config);

}  // namespace mxpress::mta::doctor
