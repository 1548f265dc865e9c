// Makes lookups, and the upkeep for the first.
#include "mta/sts/lookups.h"

#include <boost/asio/post.hpp>

#include "mta/config/config.h"
#include "mta/sts/upkeep.h"

namespace mxpress::mta::sts {

Lookups::Lookups(Policies* policies, const CurrentConfig& config, MakeWays make_ways)
    : policies_(policies), config_(config), make_ways_(std::move(make_ways)) {}

Lookups::~Lookups() = default;

Lookup* Lookups::add(asio::io_context& io, net::Connector& connector, std::size_t workers) {
  if (!policies_) return nullptr;
  Lookup& lookup = *lookups_.emplace_back(std::make_unique<Lookup>(io, *policies_, connector, workers));
  if (upkeep_) return &lookup;
  auto ways = [this, &io]() -> Ways {
    const auto config = config_.get();
    return config->delivery.mta_sts ? make_ways_(io, *config) : Ways();
  };
  upkeep_ = std::make_unique<Upkeep>(io, *policies_, lookup, std::move(ways));
  asio::post(io, [this] { upkeep_->start(); });
  return &lookup;
}

void Lookups::stop() {
  if (upkeep_) upkeep_->stop();
}

}  // namespace mxpress::mta::sts
