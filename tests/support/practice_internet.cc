// The hosts of the practice internet.
#include "tests/support/practice_internet.h"

#include <array>

namespace mxpress::testing {

PracticeInternet::PracticeInternet(boost::asio::io_context& io, const std::filesystem::path& folder, std::uint16_t dns_port,
                                   std::uint16_t smtp_port)
    : io_(io), smtp_port_(smtp_port), tls_(make_practice_tls()), record_(folder), dns_(io.get_executor(), "127.0.0.1", dns_port) {
  dns_.zone("example");

  add_people();
  add_backup();
  add_faults();
  add_dns_faults();
}

void PracticeInternet::start() {
  for (PracticeMailHost& server : servers_) server.start();
  record_.event("ready", {});
}

std::string PracticeInternet::next_address() { return "127.0.1." + std::to_string(++addresses_); }

// DOMAIN with one MX, mail.DOMAIN.
void PracticeInternet::add_domain(const std::string& domain, PracticeHost host) {
  host.name = "mail." + domain;
  host.address = next_address();
  dns_.add(domain, "MX", "10 " + host.name);
  dns_.add(host.name, "A", host.address);
  hosts_.push_back(host);
  servers_.emplace_back(io_, hosts_.back(), smtp_port_, record_, tls_);
}

void PracticeInternet::add_people() {
  add_domain("here.example", {});  // the senders' own domain: notices come back to it
  add_domain("healthy.example", {});
  add_domain("grey.example", {.greylist = 2});
  add_domain("tls.example", {.tls = true});
  add_domain("reject.example", {.stage = Stage::rcpt, .fault = HostFault::reply, .text = "550 5.1.1 there is nobody of that name here"});
}

// There is no listener at the first MX.
void PracticeInternet::add_backup() {
  add_domain("backup.example", {});
  dns_.add("backup.example", "MX", "5 down.backup.example");
  dns_.add("down.backup.example", "A", next_address());
}

// hang-rcpt.example, close-dot.example ...: each fault at each stage.
void PracticeInternet::add_faults() {
  constexpr std::array<std::pair<const char*, Stage>, 6> stages{{{"greeting", Stage::greeting},
                                                                 {"ehlo", Stage::ehlo},
                                                                 {"mail", Stage::mail},
                                                                 {"rcpt", Stage::rcpt},
                                                                 {"data", Stage::data},
                                                                 {"dot", Stage::dot}}};
  constexpr std::array<std::pair<const char*, HostFault>, 5> faults{{{"hang", HostFault::hang},
                                                                     {"close", HostFault::close},
                                                                     {"drip", HostFault::drip},
                                                                     {"flood", HostFault::flood},
                                                                     {"nonsense", HostFault::nonsense}}};
  for (const auto& [stage_name, stage] : stages) {
    for (const auto& [fault_name, fault] : faults)
      add_domain(std::string(fault_name) + "-" + stage_name + ".example", {.stage = stage, .fault = fault});
    add_domain(std::string("busy-") + stage_name + ".example", {.stage = stage, .fault = HostFault::reply, .text = "421 4.3.2 too busy"});
    add_domain(std::string("refuse-") + stage_name + ".example", {.stage = stage, .fault = HostFault::reply, .text = "554 5.7.1 go away"});
  }
}

void PracticeInternet::add_dns_faults() {
  const std::pair<const char*, DnsFault> faults[]{
      {"servfail.example", DnsFault::servfail},   {"refused.example", DnsFault::refused}, {"silent.example", DnsFault::drop},
      {"garbage.example", DnsFault::garbage},     {"lame.example", DnsFault::lame},       {"truncated.example", DnsFault::truncated},
      {"wrong-id.example", DnsFault::wrong_id},   {"no-edns.example", DnsFault::no_edns}, {"reset-tcp.example", DnsFault::reset_tcp},
      {"unrelated.example", DnsFault::unrelated},
  };
  for (const auto& [domain, fault] : faults) dns_.add(domain, "MX", "10 mail.healthy.example").fault(domain, fault);
  dns_.add("null.example", "MX", "0 .");
  dns_.add("circle.example", "CNAME", "circle2.example").add("circle2.example", "CNAME", "circle.example");
  dns_.add("alias.example", "CNAME", "healthy.example");
  dns_.add("no-address.example", "MX", "10 nothing.no-address.example");
}

}  // namespace mxpress::testing
