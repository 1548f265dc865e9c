// The routes of a Postfix, and their logins.
#pragma once

#include <string>
#include <vector>

#include "mta/migrate/postfix_config.h"

namespace mxpress::mta::migrate {

class PostfixRoutes {
 public:
  // Both must outlive it.
  PostfixRoutes(PostfixConfig& config, Findings& findings) : config_(config), findings_(findings) {}

  // relayhost, smtp_fallback_relay, transport_maps, sender_dependent_relayhost_maps, and the parameters for passwords and TLS. The Error: a
  // table cannot be read.
  Status read();

 private:
  Status read_tables();
  void take_main();
  void add_fallback(NewRoute& route);
  void set_hops(NewRoute& route, const std::vector<PostfixHop>& hops);
  void sign_in(NewRoute& route, const PostfixHop& hop, const std::string& sender);
  const TableEntry* find_password(const PostfixHop& hop, const std::string& sender);
  std::string level_for(const PostfixHop& hop) const;
  void protect(NewRoute& route, const PostfixHop& hop);
  void take_sender(const TableEntry& entry);
  void take_transport(const TableEntry& entry);
  std::string add_route(const PostfixHop& hop, const std::string& sender, const std::string& name);
  void tell();

  PostfixConfig& config_;
  Findings& findings_;
  std::vector<TableEntry> passwords_, policies_, senders_, transports_;
  std::set<std::string> used_;  // places of passwords
};

}  // namespace mxpress::mta::migrate
