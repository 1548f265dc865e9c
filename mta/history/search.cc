// Searches segment by segment: by its index, or, if it is not complete, record by record.
#include "mta/history/search.h"

#include <algorithm>
#include <utility>

#include "mta/history/index.h"
#include "mta/history/segment.h"

namespace mxpress::mta::history {
namespace {

constexpr std::uint64_t kOctetsOfUnit = 64 * 1024, kRecordsOfUnit = 8, kLookUpsOfUnit = 8;

struct Place {
  std::uint64_t offset;
  std::size_t key;
  auto operator<=>(const Place&) const = default;
};

// Keeps the last `most` places of each key; the search goes through them from the end.
class Places {
 public:
  Places(std::size_t keys, std::size_t most) : counts_(keys), most_(most) {}
  void add(Place place) {
    places_.push_back(place);
    if (++counts_[place.key] < 2 * most_) return;
    std::size_t left = counts_[place.key] - most_;
    std::erase_if(places_, [&](const Place& one) { return one.key == place.key && left > 0 && left-- > 0; });
    counts_[place.key] = most_;
  }
  std::vector<Place> latest_first() {
    std::sort(places_.begin(), places_.end(), std::greater<>());
    return std::move(places_);
  }

 private:
  std::vector<Place> places_;
  std::vector<std::size_t> counts_;
  const std::size_t most_;
};

Result<std::vector<Place>> places_by_index(const queue::File& segment, const queue::File& index, const Query& query) {
  const auto head = read_head(segment);
  if (!head) return head.error();
  Places places(query.keys.size(), query.most_of_segment);
  for (std::size_t i = 0; i < query.keys.size(); ++i) {
    const Key& key = query.keys[i];
    const auto found = look_up(index, hash_for(hash_of(head->secret, key.kind, key.text), key.owner), query.most_of_segment);
    if (!found) return found.error();
    for (const std::uint64_t offset : *found) places.add({offset, i});
  }
  return places.latest_first();
}

Result<std::vector<Place>> places_by_scan(const queue::File& segment, const Query& query, std::uint64_t& octets) {
  Places places(query.keys.size(), query.most_of_segment);
  RecordView record;
  const auto look = [&](std::uint64_t offset, std::string_view payload) {
    if (!decode(payload, record)) return true;
    for (std::size_t i = 0; i < query.keys.size(); ++i)
      if (query.keys[i].is_in(record)) places.add({offset, i});
    return true;
  };
  const auto end = scan(segment, look, [&](std::size_t size) { octets += size; });
  return end ? Result<std::vector<Place>>(places.latest_first()) : end.error();
}

// One segment.
class Part {
 public:
  Part(queue::Disk& disk, const queue::Path& folder, SegmentName name, const Query& query) : name_(name), query_(query) {
    auto file = disk.open(segment_file(folder, name.number), queue::Open::read);
    if (!file) return;  // removed meanwhile
    file_ = std::move(*file);
    if (!name.is_indexed) return;
    auto index = disk.open(index_file(folder, name.number), queue::Open::read);
    if (index) index_ = std::move(*index);
  }
  // Units of work of find().
  Result<std::uint64_t> find() {
    if (!file_) return std::uint64_t{1};
    std::uint64_t octets = 0;
    auto places = index_ ? places_by_index(*file_, *index_, query_) : places_by_scan(*file_, query_, octets);
    if (!places && !places.error().is_transient() && index_) places = places_by_scan(*file_, query_, octets);  // damaged
    if (!places) return places.error();
    places_ = std::move(*places);
    return 1 + octets / kOctetsOfUnit + query_.keys.size() / kLookUpsOfUnit;
  }
  // False: the search is to end.
  bool tell(const std::function<bool(const Hit&)>& use) const {
    RecordView record;
    std::string buffer;
    for (const Place& place : places_) {
      const auto payload = read_record(*file_, place.offset, buffer);
      if (payload.empty() || !decode(payload, record) || !query_.keys[place.key].is_in(record)) continue;
      if (!use({place.key, name_.number, record})) return false;
    }
    return true;
  }
  std::uint64_t found() const { return places_.size(); }

 private:
  const SegmentName name_;
  const Query& query_;
  std::shared_ptr<queue::File> file_, index_;
  std::vector<Place> places_;
};

}  // namespace

Status Search::run(const Query& query, const std::function<bool(const Hit&)>& use,
                   const std::function<bool(std::uint64_t units)>& may_go_on) const {
  flush_();
  const auto names = segments_in(disk_, folder_);
  if (!names) return names.error();
  for (auto name = names->rbegin(); name != names->rend() && name->number >= query.from_segment; ++name) {
    std::uint64_t units = 0;
    {
      Part part(disk_, folder_, *name, query);
      const auto cost = part.find();
      if (!cost) return cost.error();
      if (!part.tell(use)) return {};
      units = *cost + part.found() / kRecordsOfUnit;
    }
    if (!may_go_on(units)) return {};
  }
  return {};
}

Result<std::optional<WallTime>> Search::begin() const {
  const auto names = segments_in(disk_, folder_);
  if (!names) return names.error();
  for (const SegmentName& name : *names) {
    const auto file = disk_.open(segment_file(folder_, name.number), queue::Open::read);
    if (!file) continue;
    if (const auto head = read_head(**file)) return std::optional(head->started);
  }
  return std::optional<WallTime>();
}

}  // namespace mxpress::mta::history
