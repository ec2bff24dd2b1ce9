import Bytes
import Testing

@Suite struct HashingTests {
    /// From Kafka's UtilsTest.
    @Test(
        arguments: [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
        ] as [(String, Int32)])
    func murmur2IsThatOfKafka(text: String, hash: Int32) {
        [UInt8](text.utf8).withUnsafeBytes { key in
            #expect(murmur2(key) == hash)
            #expect(bucket(ofRecordKey: key, buckets: 8) == Int(hash & 0x7fff_ffff) % 8)
        }
    }

    /// From xxHash's own sanity test: the first bytes of a pseudo-random buffer, seed 0.
    @Test(
        arguments: [
            (0, 0x2D06_8005_38D3_94C2), (1, 0xC44B_DFF4_074E_ECDB), (6, 0x27B5_6A84_CD2D_7325),
            (12, 0xA713_DAF0_DFBB_77E7), (24, 0xA3FE_70BF_9D35_10EB), (48, 0x397D_A259_ECBA_1F11),
            (80, 0xBCDE_FBBB_2C47_C90A), (195, 0xCD94_217E_E362_EC3A), (403, 0xCDEB_804D_65C6_DEA4),
            (512, 0x617E_4959_9013_CB6B), (2048, 0xDD59_E2C3_A5F0_38E0), (2240, 0x6E73_A905_39CF_2948),
            (2367, 0xCB37_AEB9_E5D3_61ED),
        ] as [(Int, UInt64)])
    func xxh3IsThatOfXXHash(count: Int, hash: UInt64) {
        var buffer: [UInt8] = []
        var generator: UInt64 = 2_654_435_761
        for _ in 0..<count {
            buffer.append(UInt8(generator >> 56))
            generator &*= 11_400_714_785_074_694_797
        }
        #expect(xxh3(buffer) == hash)
        var stream = XXH3Stream()
        buffer.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: count, by: 100) {
                stream.update(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + 100, count)]))
            }
        }
        let digest = stream.digest
        #expect(digest == hash)
    }
}
