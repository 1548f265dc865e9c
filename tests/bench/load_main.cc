// bench-load: the load of scripts/bench. It writes lines of JSON to standard output; times are nanoseconds of the machine's steady clock.
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/bench/load.h"

namespace {

using namespace mxpress::bench;

constexpr char kUsage[] =
    "usage: bench-load source --to ADDRESS:PORT|unix:PATH [--messages N] [--sessions N] [--size OCTETS] [--per-connection N]\n"
    "         [--pipeline no|yes] [--recipients N] [--domains NAME:COUNT,...] [--first N] [--interval MICROSECONDS] [--tell N]\n"
    "       bench-load sink --listen MODE:ADDRESS+COUNT,... [--port N] [--tell N] [--one-each no|yes]\n"
    "         [--tls-key FILE --tls-certificate FILE] [--tls-version 1.3|1.2] [--tls-resume yes|no]\n"
    "       bench-load commands [--messages N] [--parallel N] [--size OCTETS] [--domains NAME:COUNT,...] [--first N] -- PROGRAM "
    "ARGUMENT...\n"
    "source hands in messages: message k goes to domain number k of those given (name0.example, name1.example ...) in turn.\n"
    "sink takes messages until SIGTERM; its modes: good, hang (never greets), drip (an octet of greeting a second), busy (421).\n"
    "With --one-each it closes each connection after one message; with a key it offers STARTTLS.\n"
    "commands runs PROGRAM once a message, with the message as its standard input and the recipient as its last argument.\n"
    "Every N-th accepted or arrived message is told at once (--tell).\n";

const std::map<std::string, std::string> kSource = {
    {"to", ""},          {"messages", "1000"}, {"sessions", "50"},  {"size", "4096"}, {"per-connection", "1"},
    {"pipeline", "yes"}, {"recipients", "1"},  {"domains", "d:10"}, {"first", "0"},   {"interval", "0"},
    {"tell", "0"}};
const std::map<std::string, std::string> kSink = {
    {"listen", "good:127.1.0.1+1"}, {"port", "25"},         {"tell", "0"},        {"one-each", "no"}, {"tls-key", ""},
    {"tls-certificate", ""},        {"tls-version", "1.3"}, {"tls-resume", "yes"}};
const std::map<std::string, std::string> kCommands = {
    {"messages", "100"}, {"parallel", "1"}, {"size", "4096"}, {"domains", "d:10"}, {"first", "0"}};

[[noreturn]] void usage(int code) {
  std::fputs(kUsage, code == 0 ? stdout : stderr);
  std::exit(code);
}

void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) usage(64);
  ::signal(SIGPIPE, SIG_IGN);
  ::setvbuf(stdout, nullptr, _IOLBF, 0);
  allow_many_descriptors();
  const auto options = [&](const auto& known) { return Options(argc - 2, argv + 2, known); };
  if (std::strcmp(argv[1], "source") == 0) return run_source(options(kSource));
  if (std::strcmp(argv[1], "sink") == 0) return run_sink(options(kSink));
  if (std::strcmp(argv[1], "commands") == 0) return run_commands(options(kCommands));
  usage(std::strcmp(argv[1], "--help") == 0 ? 0 : 64);
}
