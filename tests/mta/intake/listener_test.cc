// Tests of sockets that systemd has opened.
#include "mta/intake/listener.h"

#include <sys/socket.h>

#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>

#include "mta/system/unix_listener.h"
#include "tests/support/server_house.h"

namespace intake = mxpress::mta::intake;
using mxpress::mta::Config;
using mxpress::testing::IntakeHouse;

TEST_CASE("intake: what systemd passes takes the place of what the configuration says, by kind") {
  IntakeHouse house;
  Config config = house.base;
  config.listen.submission_socket = house.folder.path() / "passed";
  config.listen.control_socket = house.folder.path() / "passed-control";
  config.listen.smtp = {"127.0.0.1:0", "[::1]:0"};
  Config of_systemd = config;
  of_systemd.listen.smtp = {"127.0.0.1:0"};
  auto opened = intake::open_listeners(of_systemd);
  REQUIRE(opened.ok());
  const std::uint16_t port = opened->smtp.at(0).port;
  mxpress::mta::system::PassedSockets passed;
  passed.push_back({"smtp", std::move(opened->smtp.at(0).socket)});
  passed.push_back({"local", std::move(opened->submission)});
  passed.push_back({"local", mxpress::mta::system::listen_at(config.listen.control_socket, 1).value()});
  {
    const auto listeners = intake::open_listeners(config, std::move(passed));
    REQUIRE(listeners.ok());
    REQUIRE(listeners->smtp.size() == 1);
    CHECK(listeners->smtp[0].port == port);
    CHECK(listeners->smtp[0].address.to_string() == "127.0.0.1");
    CHECK(listeners->submission.is_open());
    CHECK(listeners->control.is_open());
    CHECK(listeners->warnings.size() == 1);  // [listen] smtp is not used
  }
  CHECK(boost::filesystem::exists(config.listen.submission_socket));  // it is systemd's
}

TEST_CASE("intake: a passed socket that is none of ours is an error that names it") {
  IntakeHouse house;
  Config config = house.base;
  config.listen.submission_socket = house.folder.path() / "other";
  const auto refusal = [&](const std::string& name, mxpress::mta::system::Descriptor socket) {
    mxpress::mta::system::PassedSockets passed;
    passed.push_back({name, std::move(socket)});
    const auto listeners = intake::open_listeners(config, std::move(passed));
    return listeners.ok() ? "taken" : listeners.error().message;
  };
  const auto unix_socket = [&](const std::string& name) { return mxpress::mta::system::listen_at(house.folder.path() / name, 1).value(); };
  CHECK(refusal("mxpress.socket", unix_socket("other")).find("\"mxpress.socket\" whose name is neither smtp nor local") !=
        std::string::npos);
  CHECK(refusal("local", unix_socket("elsewhere")).find("neither submission_socket nor control_socket") != std::string::npos);
  CHECK(refusal("smtp", unix_socket("third")).find("none of TCP") != std::string::npos);
  CHECK(refusal("smtp", mxpress::mta::system::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))).find("does not listen") !=
        std::string::npos);
  CHECK(refusal("local", unix_socket("other")) == "taken");
}
