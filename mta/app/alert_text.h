// The text of an alert, and its recipients.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mta/app/alert_desk.h"
#include "queue/changes.h"

namespace mxpress::mta {

struct Config;
namespace routing {
struct Route;
}

struct AlertText {
  std::string subject;  // one line of ASCII
  std::string body;     // lines with LF
};
AlertText text_of(const AlertDesk::Fields& alert, const std::string& host);

// The message to [alerts] to, by aliases; it comes from nobody, so that nothing comes back. Where its mail would leave this host, a copy
// for the user whose mail that is stays here, and nothing takes a way that `is_broken`. None: nobody is to get it.
std::optional<queue::NewMessage> mail_of(const AlertText& text, const Config& config,
                                         const std::function<bool(const routing::Route&)>& is_broken, WallTime now, const std::string& id);

}  // namespace mxpress::mta
