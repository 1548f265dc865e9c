// The daemon's own mailbox: a Maildir with a size limit, for mail to this host without an alias, and for undeliverable notices.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <string>

#include "mta/transport/mailbox_census.h"
#include "proto/envelope.h"
#include "proto/result.h"
#include "queue/message.h"

namespace mxpress::mta::transport {

// Blocking. One copy for each message, with Return-Path and Delivered-To in front and LF line ends, as Maildir readers expect. Durable when
// it returns; repeating it for the same id makes no second copy. Error (transient): full (with the action to take) or I/O.
Status deliver_to_mailbox(const boost::filesystem::path& maildir, std::uint64_t limit, const queue::Message& message,
                          const std::string& delivered_to);

// The contents of the mailbox; zeros if it does not exist. Takes the same time for any size: a census of each Maildir is kept for the life
// of the process. Any thread.
MailboxUse mailbox_use(const boost::filesystem::path& maildir);

}  // namespace mxpress::mta::transport
