// simulate: runs weeks of mail in a simulated internet, for one seed or many. See docs/guarantees.md.
#include <sys/resource.h>

#include <boost/program_options.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>

#include "tests/sim/run.h"

namespace {

using namespace mxpress;
namespace po = boost::program_options;

struct Totals {
  std::uint64_t runs = 0, messages = 0, recipients = 0, delivered = 0, bounced = 0, removed = 0, silent = 0, repeats = 0, wrong = 0;
};

struct Arguments {
  sim::Options options;
  std::uint64_t first = 1, last = 1;
  bool twice = false, quiet = false;
};

double days(Duration duration) { return std::chrono::duration<double, std::ratio<86400>>(duration).count(); }

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

long peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

// "7" or "1-100".
bool parse_seeds(const std::string& text, Arguments& arguments) {
  unsigned long long first = 0, last = 0;
  const int read = std::sscanf(text.c_str(), "%llu-%llu", &first, &last);
  if (read < 1) return false;
  arguments.first = first;
  arguments.last = read == 2 ? last : first;
  return true;
}

bool parse(int argc, char** argv, Arguments& arguments) {
  double span = 7;
  std::string seeds;
  po::options_description description("simulate: mail through a simulated internet, days in seconds");
  auto add = description.add_options();
  add("seeds,s", po::value(&seeds)->default_value("1"), "a seed, or a range such as 1-100");
  add("messages,m", po::value(&arguments.options.messages)->default_value(200), "messages handed in");
  add("destinations,d", po::value(&arguments.options.destinations)->default_value(50), "recipient domains");
  add("days", po::value(&span)->default_value(7), "days of mail coming in; then the queue is let run empty");
  add("crashes", po::value(&arguments.options.crashes)->default_value(2), "crashes and restarts meanwhile");
  add("twice", po::bool_switch(&arguments.twice), "live each seed twice and compare");
  add("verbose,v", po::bool_switch(&arguments.options.verbose), "the log on standard error");
  add("quiet,q", po::bool_switch(&arguments.quiet), "only the summary");
  add("help,h", "this");
  po::variables_map values;
  po::store(po::parse_command_line(argc, argv, description), values);
  po::notify(values);
  if (values.contains("help")) std::cout << description;
  arguments.options.span = Duration(static_cast<std::int64_t>(span * 86'400'000));
  return !values.contains("help") && parse_seeds(seeds, arguments);
}

void print(std::uint64_t seed, const sim::Outcome& outcome, double wall) {
  const sim::Figures& f = outcome.figures;
  std::printf(
      "seed %llu: messages %llu, recipients %llu, delivered %llu, bounced %llu, removed %llu, failed silently %llu, notices %llu, "
      "repeats explained %llu, offers %llu, connections %llu (at most %zu at a time), crashes %llu, actions %llu, longest queue %zu, "
      "slowest healthy %.0f s, latest expiry %.0f s, %.1f virtual days, %.1f s, %ld MiB, events %016llx\n",
      (unsigned long long)seed, (unsigned long long)f.messages, (unsigned long long)f.recipients, (unsigned long long)f.delivered,
      (unsigned long long)f.bounced, (unsigned long long)f.removed, (unsigned long long)f.silent, (unsigned long long)f.notices,
      (unsigned long long)f.repeats, (unsigned long long)f.offers, (unsigned long long)outcome.connections, outcome.most_connections,
      (unsigned long long)outcome.crashes, (unsigned long long)outcome.actions, outcome.longest_queue,
      std::chrono::duration<double>(f.slowest).count(), std::chrono::duration<double>(f.latest).count(), days(outcome.virtual_time), wall,
      peak_mib(), (unsigned long long)outcome.hash);
  std::fflush(stdout);
}

void add(Totals& totals, const sim::Outcome& outcome) {
  ++totals.runs;
  totals.messages += outcome.figures.messages;
  totals.recipients += outcome.figures.recipients;
  totals.delivered += outcome.figures.delivered;
  totals.bounced += outcome.figures.bounced;
  totals.removed += outcome.figures.removed;
  totals.silent += outcome.figures.silent;
  totals.repeats += outcome.figures.repeats;
  totals.wrong += !outcome.wrongs.empty();
}

sim::Outcome live_once(sim::Options options, std::uint64_t seed) {
  options.seed = seed;
  sim::Run run(options);
  return run.live();
}

void live(const Arguments& arguments, std::uint64_t seed, Totals& totals) {
  const auto begin = std::chrono::steady_clock::now();
  sim::Outcome outcome = live_once(arguments.options, seed);
  if (arguments.twice && live_once(arguments.options, seed).hash != outcome.hash)
    outcome.wrongs.push_back("the second life of this seed was another one");
  add(totals, outcome);
  if (!arguments.quiet || !outcome.wrongs.empty()) print(seed, outcome, seconds_since(begin));
  for (const std::string& wrong : outcome.wrongs) std::printf("seed %llu: WRONG %s\n", (unsigned long long)seed, wrong.c_str());
}

}  // namespace

int main(int argc, char** argv) try {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) return 2;
  Totals totals;
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t seed = arguments.first; seed <= arguments.last; ++seed) live(arguments, seed, totals);
  std::printf(
      "simulate: %llu runs, messages %llu, recipients %llu: delivered %llu, bounced %llu, removed %llu, failed silently %llu; "
      "repeats explained %llu; runs with something wrong %llu; %.1f s, %ld MiB\n",
      (unsigned long long)totals.runs, (unsigned long long)totals.messages, (unsigned long long)totals.recipients,
      (unsigned long long)totals.delivered, (unsigned long long)totals.bounced, (unsigned long long)totals.removed,
      (unsigned long long)totals.silent, (unsigned long long)totals.repeats, (unsigned long long)totals.wrong, seconds_since(begin),
      peak_mib());
  return totals.wrong == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "simulate: %s\n", error.what());
  return 2;
}
