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

// The message to [alerts] to, through aliases; with a null sender, so that nothing is returned. If it would leave this host, a copy for the
// user with that alias stays here, and no route is used that `is_broken`. Nullopt: there is no recipient.
std::optional<queue::NewMessage> mail_of(const AlertText& text, const Config& config,
                                         const std::function<bool(const routing::Route&)>& is_broken, WallTime now, const std::string& id);

}  // namespace mxpress::mta
