#include <rocksdb/merge_operator.h>

#include "structures.h"

namespace {

/// Takes the merged bytes straight into the string that RocksDB keeps.
void emit(void *sink, const void *data, size_t size) {
    static_cast<std::string *>(sink)->assign(data == nullptr ? "" : static_cast<const char *>(data), size);
}

class CallbackMergeOperator final : public rocksdb::MergeOperator {
public:
    explicit CallbackMergeOperator(const maser_rocks_merge_operator &callbacks)
        : callbacks_(callbacks), name_(callbacks.name) {
        callbacks_.name = name_.c_str();
    }

    ~CallbackMergeOperator() override { callbacks_.release(callbacks_.context); }

    const char *Name() const override { return name_.c_str(); }

    // Never false: RocksDB 7.8 takes a failed merge for a broken database.
    bool FullMergeV2(const MergeOperationInput &in, MergeOperationOutput *out) const override {
        std::vector<maser_rocks_slice> operands;
        operands.reserve(in.operand_list.size());
        for (const rocksdb::Slice &operand : in.operand_list) operands.push_back(maser::slice(operand));
        maser_rocks_slice existing = {nullptr, 0};
        if (in.existing_value != nullptr) existing = maser::slice(*in.existing_value);
        callbacks_.full(callbacks_.context, maser::slice(in.key), existing, operands.data(), operands.size(),
                        &out->new_value, emit);
        return true;
    }

    bool PartialMergeMulti(const rocksdb::Slice &key, const std::deque<rocksdb::Slice> &operand_list,
                           std::string *new_value, rocksdb::Logger *) const override {
        std::vector<maser_rocks_slice> operands;
        operands.reserve(operand_list.size());
        for (const rocksdb::Slice &operand : operand_list) operands.push_back(maser::slice(operand));
        return callbacks_.partial(callbacks_.context, maser::slice(key), operands.data(), operands.size(), new_value,
                                  emit);
    }

private:
    maser_rocks_merge_operator callbacks_;
    std::string name_;
};

}  // namespace

std::shared_ptr<rocksdb::MergeOperator> maser::merge_operator(const maser_rocks_merge_operator &callbacks) {
    return std::make_shared<CallbackMergeOperator>(callbacks);
}
