import java.io.FileInputStream;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.*;
import org.javarosa.core.model.*;
import org.javarosa.core.model.data.*;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.*;
import org.javarosa.core.services.*;
import org.javarosa.form.api.*;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.util.XFormUtils;

/** JavaRosa for {@code cargo xtask bench forms}: java -cp ODK_Validate.jar JavaRosa.java FOLDER (q2000.xml, roster.xml). */
public class JavaRosa {
    interface Act { void run(int i) throws Exception; }

    static FormDef load(String file) throws Exception {
        FormDef form = XFormUtils.getFormFromInputStream(new FileInputStream(file));
        form.initialize(true, new InstanceInitializationFactory());
        return form;
    }

    static double heap() {
        for (int i = 0; i < 4; i++) System.gc();
        return (Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory()) / 1e6;
    }

    /** The middle of n times, in microseconds; what stands before and after is not counted. */
    static double median(int n, Act before, Act act, Act after) throws Exception {
        double[] times = new double[n];
        for (int i = 0; i < n; i++) {
            before.run(i);
            long start = System.nanoTime();
            act.run(i);
            times[i] = (System.nanoTime() - start) / 1e3;
            after.run(i);
        }
        Arrays.sort(times);
        return times[n / 2];
    }

    static double median(int n, Act act) throws Exception { return median(n, i -> { }, act, i -> { }); }

    static final Map<String, FormIndex> at = new HashMap<>();
    static FormEntryController form, house;
    static FormDef definition;

    static void answer(String question, int number) { form.answerQuestion(at.get(question), new IntegerData(number), true); }

    /** The place after the last row of the roster, where another is offered. */
    static FormIndex another() {
        FormEntryModel model = house.getModel();
        FormIndex index = FormIndex.createBeginningOfFormIndex();
        do index = model.incrementIndex(index); while (model.getEvent(index) != FormEntryController.EVENT_PROMPT_NEW_REPEAT);
        return index;
    }

    static void addRow(FormIndex index) {
        house.jumpToIndex(index);
        house.newRepeat(index);
        FormIndex question = house.getModel().getFormIndex();
        for (int left = 3; left > 0; left--) {
            String name;
            do name = (question = house.getModel().incrementIndex(question)).getReference().getNameLast();
            while (!Set.of("name", "age", "sick").contains(name));
            IAnswerData data = name.equals("name") ? new StringData("P")
                : name.equals("age") ? new IntegerData(33) : new SelectOneData(new Selection("no"));
            house.answerQuestion(question, data, true);
        }
    }

    public static void main(String[] words) throws Exception {
        new XFormsModule().registerModule();
        // questions for the device ask a property manager; the usual one wants a phone's storage
        PropertyManager.setPropertyManager(new IPropertyManager() {
            public List<String> getProperty(String name) { return List.of("x"); }
            public void setProperty(String name, String value) { }
            public void setProperty(String name, List<String> value) { }
            public String getSingularProperty(String name) { return "x"; }
            public void addRules(org.javarosa.core.services.properties.IPropertyRules rules) { }
            public List<org.javarosa.core.services.properties.IPropertyRules> getRules() { return List.of(); }
        });
        String q2000 = words[0] + "/q2000.xml";
        load(words[0] + "/roster.xml");
        double base = heap();
        definition = load(q2000);
        double memory = heap() - base;
        form = new FormEntryController(new FormEntryModel(definition));
        for (FormIndex i = FormIndex.createBeginningOfFormIndex(); !(i = form.getModel().incrementIndex(i)).isEndOfFormIndex(); )
            if (form.getModel().getEvent(i) == FormEntryController.EVENT_QUESTION) at.put(i.getReference().getNameLast(), i);
        int blocks = 0;
        while (at.containsKey("n_" + blocks)) blocks++;
        int last = blocks - 1;
        form.answerQuestion(at.get("consent"), new SelectOneData(new Selection("yes")), true);
        for (int b = last; b >= 0; b--) answer("n_" + b, 2 + b % 7);
        house = new FormEntryController(new FormEntryModel(load(words[0] + "/roster.xml")));
        while (true) {
            FormIndex index = another();
            if (index.getElementMultiplicity() >= 40) break;
            addRow(index);
        }
        System.out.println("ready");
        BufferedReader asked = new BufferedReader(new InputStreamReader(System.in));
        for (String row; (row = asked.readLine()) != null; ) {
            FormIndex[] end = new FormIndex[1];
            System.out.println(switch (row.trim()) {
                case "load_q2000" -> "" + median(3, i -> load(q2000));
                case "chain_200" -> "" + median(200, i -> answer("n_0", 10 + i % 15));
                case "local_answer" -> "" + median(400, i -> answer("n_" + last, 10 + i % 15));
                case "finish_q2000" -> "" + median(3, i -> definition.validate(false));
                case "roster_add_row" -> "" + median(20, i -> end[0] = another(), i -> addRow(end[0]), i -> house.deleteRepeat(house.getModel().getFormIndex()));
                case "memory_q2000" -> "" + memory;
                case "check" -> {
                    answer("n_0", 10);
                    answer("n_" + last, 10);
                    TreeReference group = at.get("n_" + last).getReference().getParentRef();
                    yield definition.getMainInstance().resolveReference(group.extendRef("t_" + last, 0)).getValue().getDisplayText();
                }
                default -> "-";
            });
        }
    }
}
