// The housekeeper's thread: housework as it comes, and a checkpoint when the journal is long.
#pragma once

namespace mxpress::queue {

class Checkpointer;
class Housework;
class HouseworkList;

class Housekeeper {
 public:
  Housekeeper(HouseworkList& list, Housework& housework, Checkpointer& checkpointer)
      : list_(list), housework_(housework), checkpointer_(checkpointer) {}

  // Until HouseworkList::stop(): it ends the round that is under way, or makes a last one if there is something on the list.
  void run();

 private:
  bool wait_for_work();

  HouseworkList& list_;
  Housework& housework_;
  Checkpointer& checkpointer_;
};

}  // namespace mxpress::queue
