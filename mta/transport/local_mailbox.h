// The daemon's own mailbox: a capped Maildir for mail to this host that no alias sends elsewhere, and for notices nobody can take.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <string>

#include "mta/transport/mailbox_census.h"
#include "proto/envelope.h"
#include "proto/result.h"
#include "queue/message.h"

namespace mxpress::mta::transport {

// Blocking. One copy for each message, with Return-Path and Delivered-To in front and LF line ends, as Maildir readers expect.
// Durable when it returns; doing it again for the same id makes no second copy. Error (transient): full (says what to do) or I/O.
Status deliver_to_mailbox(const boost::filesystem::path& maildir, std::uint64_t limit, const queue::Message& message,
                          const std::string& delivered_to);

// What the mailbox holds; zeros when it does not exist. Costs the same however much that is: a census of each Maildir is kept for the life
// of the process. Any thread.
MailboxUse mailbox_use(const boost::filesystem::path& maildir);

}  // namespace mxpress::mta::transport
